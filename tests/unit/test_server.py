"""The server as `streamlit run app.py` starts it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_port_that_is_taken_is_said_in_words_and_nothing_is_begun(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = ["--server.headless", "true", "--server.port", str(port)]
        answer = subprocess.run(
            [sys.executable, "-m", "streamlit", "run", "app.py", *options],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env=os.environ | {"DIGITS_HOME": str(tmp_path / "home")},
            timeout=120,
        )

    assert answer.returncode == 1
    assert f"Port {port} is not available" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "home").exists()
