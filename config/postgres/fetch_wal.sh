#!/bin/sh
# restore_command: fetch_wal.sh NAME TARGET FOLDER
#
# Exit 1 says "there is no such file", which ends a recovery as a success. What is there and can't be read must not look
# like that, so it is 126: PostgreSQL gives up on any answer above 125.
name=$1
target=$2
folder=$3

if [ -e "$folder/$name.gz" ]; then
  gzip -dc "$folder/$name.gz" >"$target" && exit 0
elif [ -e "$folder/$name" ]; then
  cp "$folder/$name" "$target" && exit 0
else
  exit 1
fi
rm -f "$target"
echo "damaged WAL: $name" >&2
exit 126
