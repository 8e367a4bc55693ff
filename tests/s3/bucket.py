"""Creates a bucket on a server that is starting: `bucket.py BUCKET PORT USER PASSWORD`."""

import sys
import time

import boto3
import botocore.exceptions


def main(bucket, port, user, password):
    s3 = boto3.client("s3", region_name="us-east-1", endpoint_url=f"http://127.0.0.1:{port}",
                      aws_access_key_id=user, aws_secret_access_key=password)
    for _ in range(600):
        try:
            s3.create_bucket(Bucket=bucket)
            return
        except botocore.exceptions.BotoCoreError:
            time.sleep(0.1)
    sys.exit("the server does not answer")


if __name__ == "__main__":
    main(*sys.argv[1:])
