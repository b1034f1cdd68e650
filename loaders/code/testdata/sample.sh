#!/bin/bash
# Says.
say() {
  echo "}"
  if true; then
    echo {}
  fi
}

function other {
  cat <<X
hello
X
}
one() { echo 1; }
say
