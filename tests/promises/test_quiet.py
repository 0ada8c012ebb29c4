"""What the server takes from outside: uploads up to a size, cut while they stream, and nothing kept of the rest."""

import socket
from urllib.parse import urlsplit

from tests.harness.needs import PATIENCE_SECONDS
from tests.harness.server import REPOSITORY, chromium, mebibytes, open_page, serving

CAP_BYTES = 16 * 2**20  # maxUploadSize in .streamlit/config.toml
TOO_LARGE_BYTES = 200_000_000


def stream(request, url, look):
    """Send a small upload's request again, with a body of TOO_LARGE_BYTES, looking now and then; the answer."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), timeout=PATIENCE_SECONDS)
    skip = ("content-length", "host", "connection", "transfer-encoding")
    headers = "".join(f"{name}: {value}\r\n" for name, value in request.items() if name.lower() not in skip)
    head = f"PUT {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n{headers}Transfer-Encoding: chunked\r\n\r\n"
    boundary = request["content-type"].split("boundary=")[1]
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="big"\r\n\r\n'.encode()
    block, sent = bytes(2**20), 0
    try:
        connection.sendall(head.encode() + b"%x\r\n%s\r\n" % (len(part), part))
        while sent < TOO_LARGE_BYTES:
            connection.sendall(b"%x\r\n%s\r\n" % (len(block), block))
            sent += len(block)
            look()
        connection.sendall(b"0\r\n\r\n")
    except OSError:  # cut while it streams
        pass
    with connection:
        return connection.recv(100)


def test_an_upload_over_the_cap_is_cut_while_it_streams(tmp_path):
    folder = {"DIGIT_SUM_LAB_RUNS": str(tmp_path / "runs")}
    with serving(REPOSITORY / "app.py", tmp_path / "log", **folder) as server, chromium() as browser:
        page, requests = open_page(browser), []
        page.on("request", lambda request: requests.append(request) if request.method == "PUT" else None)
        page.goto(f"{server.url}/compare")
        small = {"name": "small.safetensors", "mimeType": "application/octet-stream", "buffer": b"small"}
        page.locator("input[type=file]").set_input_files(small)
        page.get_by_text("holds no weights").wait_for()
        memory = [mebibytes(server.pid)]
        answer = stream(requests[0].all_headers(), requests[0].url, lambda: memory.append(mebibytes(server.pid)))
        assert b" 413 " in answer
        assert max(memory) - memory[0] < 3 * CAP_BYTES / 2**20
        large = {**small, "buffer": bytes(CAP_BYTES + 2**20)}
        page.locator("input[type=file]").set_input_files(large)
        page.get_by_text("16").first.wait_for()  # the browser's own refusal names the limit
        page.reload()
        page.get_by_role("heading", name="Compare runs").wait_for()
        assert "Traceback" not in server.log
