#!/bin/sh
# archive_command: archive_wal.sh SOURCE NAME FOLDER
#
# Exit 0 only when FOLDER/NAME.gz is whole, holds what SOURCE holds, and is on the disk: from then on PostgreSQL may
# reuse SOURCE. It asks again after any other answer, and also for what it has archived when a crash made it forget so.
set -eu
umask 077
source=$1
name=$2
folder=$3
kept=$folder/$name.gz
draft=$folder/.$name.draft

if [ -e "$kept" ]; then
  if gzip -dc "$kept" | cmp -s - "$source"; then
    sync "$kept" "$folder"
    exit 0
  fi
  echo "$kept is there already and holds something else than $source: it is left as it is." >&2
  exit 1
fi

trap 'rm -f "$draft"' EXIT
# -n leaves name and time out: the same WAL gives the same file.
gzip -1 -n -c "$source" >"$draft"
sync "$draft"
mv "$draft" "$kept"
sync "$folder"
