# Digit Sum Lab in a container: docker build -t digit-sum-lab . && docker run -p 127.0.0.1:8501:8501 digit-sum-lab
FROM python:3.13-slim

RUN useradd --create-home lab
WORKDIR /home/lab/app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY --chown=lab . .

USER lab
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["streamlit", "run", "app.py", "--server.address", "0.0.0.0"]
