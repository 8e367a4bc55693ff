#!/usr/bin/env bash
# moto 5.2.5 (PyPI) heeds the conditions of S3's PutObject and DeleteObject, but not `If-Match` of CompleteMultipartUpload, nor `If-None-Match` of
# CopyObject: both answer 200 and write over what is there, where S3 answers 412. So a writer that is fenced by an entity tag looks safe
# for small objects and is not told of a stale one once the object is written in parts.
set -euo pipefail
dir=$(mktemp -d)
server=
trap 'kill -KILL "$server" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check 'moto[server]==5.2.5' boto3==1.43.11
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
env/bin/moto_server -p "$port" >log 2>&1 &
server=$!
until : 2>/dev/null <"/dev/tcp/127.0.0.1/$port"; do sleep 0.1; done
cat >ask.py <<'EOF'
import boto3, botocore.exceptions, sys

s3 = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{sys.argv[1]}", aws_access_key_id="tester",
                  aws_secret_access_key="tester", region_name="us-east-1")
s3.create_bucket(Bucket="jobs")
there = dict(Bucket="jobs", Key="lease")

def code(name, method, **arguments):
    call = getattr(s3, method)
    s3.put_object(**there, Body=b"first")
    if method == "complete_multipart_upload":
        upload = s3.create_multipart_upload(**there)["UploadId"]
        tag = s3.upload_part(**there, UploadId=upload, PartNumber=1, Body=b"second")["ETag"]
        arguments |= dict(UploadId=upload, MultipartUpload={"Parts": [{"ETag": tag, "PartNumber": 1}]})
    try:
        code = call(**there, **arguments)["ResponseMetadata"]["HTTPStatusCode"]
    except botocore.exceptions.ClientError as error:
        code = error.response["ResponseMetadata"]["HTTPStatusCode"]
    print(name, code)

other = '"d41d8cd98f00b204e9800998ecf8427e"'
code("PutObject If-None-Match", "put_object", Body=b"second", IfNoneMatch="*")
code("PutObject If-Match", "put_object", Body=b"second", IfMatch=other)
code("DeleteObject If-Match", "delete_object", IfMatch=other)
code("CompleteMultipartUpload If-None-Match", "complete_multipart_upload", IfNoneMatch="*")
code("CompleteMultipartUpload If-Match", "complete_multipart_upload", IfMatch=other)
code("CopyObject If-None-Match", "copy_object", CopySource="jobs/lease", MetadataDirective="REPLACE", IfNoneMatch="*")
EOF
found=$(env/bin/python ask.py "$port")
printf 'moto 5.2.5, an object that is there, and has another tag\n%s\n' "$found"
[[ $found == 'PutObject If-None-Match 412
PutObject If-Match 412
DeleteObject If-Match 412
CompleteMultipartUpload If-None-Match 412
CompleteMultipartUpload If-Match 200
CopyObject If-None-Match 200' ]]
