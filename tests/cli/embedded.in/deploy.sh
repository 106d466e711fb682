#!/bin/sh
export GITHUB_TOKEN=<crc32-base62:ghp_>
curl -H "Authorization: Bearer $GITHUB_TOKEN" https://api.github.com/user
