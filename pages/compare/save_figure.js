// Saves the figure above its button as an SVG file, in the colours that it has on the page.
document.querySelectorAll(".save-figure").forEach((button) => {
  button.onclick = () => {
    const figure = document.querySelector(".st-key-figure_to_save svg.marks").cloneNode(true);
    figure.style.background = getComputedStyle(document.querySelector(".stApp")).backgroundColor;
    const file = new Blob([new XMLSerializer().serializeToString(figure)], { type: "image/svg+xml" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = "curves.svg";
    link.click();
    URL.revokeObjectURL(link.href);
  };
});
