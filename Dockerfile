# Digits Lab with PyTorch's CPU build. The README says how to build and start it.

FROM python:3.11-slim AS build
RUN pip install --no-cache-dir "uv>=0.13,<0.14" && uv venv /opt/digits-lab
# uv installs into this environment, here and in the image below at the same place.
ENV VIRTUAL_ENV=/opt/digits-lab
WORKDIR /build
# A layer of its own: it is built again only when the requirements change. Compiled here, because the user of the app
# may not write beside the packages.
COPY requirements.txt ./
RUN uv pip install --no-cache --compile-bytecode --torch-backend cpu -r requirements.txt
COPY LICENSE README.md app.py pyproject.toml ./
COPY .streamlit .streamlit
COPY pages pages
COPY digits_core digits_core
RUN uv pip install --no-cache --compile-bytecode --no-deps .

FROM python:3.11-slim
# The folder of the user alone, as the app itself would make it: a volume begins as a copy of it.
RUN useradd --create-home --uid 1000 digits && install -d -o digits -g digits -m 0700 /data
COPY --from=build /opt/digits-lab /opt/digits-lab
ENV PATH="/opt/digits-lab/bin:$PATH" DIGITS_HOME=/data
USER digits
WORKDIR /home/digits
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["digits-lab", "app", "--address", "0.0.0.0", "--port", "8501", "--headless"]
