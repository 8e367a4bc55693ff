#!/usr/bin/env bash
# Scrapy 2.19.0 (PyPI): a crawl with JOBDIR that was killed ends, when it is run again, as `finished` with exit code 0, with most pages never
# fetched. Which requests were seen is written by full buffers, so the kill leaves that list nearly whole; which requests wait is found
# by an index that is written at a clean end alone, so those on disk are not looked at. What was seen is not asked for again. (A crawl
# too small to fill a buffer begins from nothing.)
set -euo pipefail
dir=$(mktemp -d)
server=
trap 'kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check scrapy==2.19.0
cat >web.py <<'EOF'
import http.server, time

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/":
            time.sleep(0.3)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
open("port", "w").write(str(server.server_port))
server.serve_forever()
EOF
cat >crawl.py <<'EOF'
import scrapy

class Pages(scrapy.Spider):
    name = "pages"
    address = "http://127.0.0.1:" + open("port").read()
    custom_settings = {"JOBDIR": "job", "CONCURRENT_REQUESTS": 4, "CONCURRENT_REQUESTS_PER_DOMAIN": 4, "DOWNLOAD_DELAY": 0}

    async def start(self):
        yield scrapy.Request(self.address + "/", callback=self.first)

    def first(self, _):
        for page in range(400):
            yield scrapy.Request(f"{self.address}/{page}", callback=self.each)

    def each(self, response):
        with open("fetched", "a") as fetched:
            print(response.url, file=fetched)
EOF
env/bin/python web.py 2>/dev/null &
server=$!
until [[ -s port ]]; do sleep 0.1; done
env/bin/scrapy runspider crawl.py 2>first &
crawl=$!
until [[ -s fetched && $(wc -l <fetched) -ge 20 ]]; do sleep 0.1; done
kill -KILL "$crawl"
wait "$crawl" 2>/dev/null || true
before=$(sort -u fetched | wc -l)
code=0
env/bin/scrapy runspider crawl.py 2>second || code=$?
after=$(sort -u fetched | wc -l)
end=$(grep -o "'finish_reason': '[a-z]*'" second)
echo "Scrapy 2.19.0: $before of 400 pages before the kill, $after at the end of the second run, exit code $code, $end"
[[ $before == "$after" && $after -lt 400 && $code == 0 && $end == *finished* ]]
