#!/usr/bin/env bash
# write-file-atomic 7.0.1 (npm), in two containers of one image that share a volume: the temporary name is made of where the library is, the process's number,
# the thread's and a count of the writes, and in a container the program is number 1. So both open one temporary file; the second's is published
# while the first still writes into it, and what is there is a mixture. The second is told that its text is written, the first ENOENT. (The containers here are two
# namespaces of processes, which takes root.)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund write-file-atomic@7.0.1 >/dev/null
# The first waits, with its temporary file open, until the second is done.
cat >write.js <<'JS'
const write = require('write-file-atomic'), fs = require('fs')
const [, , name, text] = process.argv
const second = async () => { while (!fs.existsSync('second.done')) await new Promise(it => setTimeout(it, 20)) }
const options = { tmpfileCreated: async it => {
  fs.writeFileSync(name + '.open', it)
  if (name == 'first') await second()
} }
write('state', text, options).then(() => 'written', error => error.code).then(it => fs.writeFileSync(name + '.done', it))
JS
unshare --fork --pid node write.js first 'position 7' &
until [[ -s first.open ]]; do sleep 0.05; done
unshare --fork --pid node write.js second 'position 12345'
wait
same=no; ! cmp -s first.open second.open || same=yes
printf 'write-file-atomic 7.0.1: same temporary name: %s\n  first, "position 7": %s\n  second, "position 12345": %s\n  published: "%s"\n' \
    "$same" "$(cat first.done)" "$(cat second.done)" "$(cat state)"
[[ $same == yes && $(cat first.done) == ENOENT && $(cat second.done) == written && $(cat state) == 'position 72345' ]]
