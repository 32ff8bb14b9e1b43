"""``ftpalg completion``: what shells complete, by shtab.

The names of sessions and routes come from the running gateway: the shell asks it by ``ftpalg who --names``
with the words ``--socket`` and ``--config`` that stand on its line.
"""

from __future__ import annotations

import sys
from argparse import Namespace

from ftpalg.cli import DONE, FAILED
from ftpalg.cli.parser import parser

STATES = "naming account reaching login idle command data opaque draining"

BASH = f"""
# $1 is the word so far; bash splits route=NAME into three
_ftpalg_sessions() {{
  local at=() key="" word="$1" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${{COMP_WORDS[i]}}" in
      --socket | --config) at+=("${{COMP_WORDS[i]}}" "${{COMP_WORDS[i + 1]}}") ;;
    esac
  done
  if [[ "$word" == "=" ]]; then
    key="${{COMP_WORDS[COMP_CWORD - 1]}}" word=""
  elif [[ "${{COMP_WORDS[COMP_CWORD - 1]}}" == "=" ]]; then
    key="${{COMP_WORDS[COMP_CWORD - 2]}}"
  fi
  case "$key" in
    "" | session) key=sessions ;;
    route) key=routes ;;
    state) compgen -W "{STATES}" -- "$word" ;&
    *) return ;;
  esac
  compgen -W "$("${{COMP_WORDS[0]}}" who --names "$key" "${{at[@]}}" 2>/dev/null)" -- "$word"
}}
"""
ZSH = f"""
_ftpalg_sessions() {{
  local -a at found
  local i which=sessions
  for ((i = 1; i < CURRENT; i++)); do
    case "$words[i]" in
      --socket | --config) at+=("$words[i]" "$words[i + 1]") ;;
    esac
  done
  case "$PREFIX" in
    state=*) compset -P '*='; compadd {STATES}; return ;;
    route=*) compset -P '*='; which=routes ;;
  esac
  found=(${{(f)"$(_call_program names $service who --names $which $at 2>/dev/null)"}})
  compadd -a found
}}
"""
BASH_PARTS = """
_ftpalg_part_kinds() { compgen -W "server route listener" -- "$1"; }
# bash splits words at : and =, and replaces only the last piece
_ftpalg_parts() {
  local at=() kind="" line="${COMP_LINE:0:COMP_POINT}" whole before i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in
      --socket | --config) at+=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}") ;;
      server | route | listener) kind="${kind:-${COMP_WORDS[i]}s}" ;;
    esac
  done
  [[ -z "$kind" ]] && return
  whole="${line##*[[:space:]]}" before=""
  [[ "$whole" == *[:=]* ]] && before="${whole%"${whole##*[:=]}"}"
  compgen -W "$("${COMP_WORDS[0]}" who --names "$kind" "${at[@]}" 2>/dev/null)" -- "$whole" |
    while IFS= read -r i; do printf '%s\\n' "${i#"$before"}"; done
}
"""
ZSH_PARTS = """
_ftpalg_part_kinds() { compadd server route listener }
_ftpalg_parts() {
  local -a at found
  local i kind
  for ((i = 1; i < CURRENT; i++)); do
    case "$words[i]" in
      --socket | --config) at+=("$words[i]" "$words[i + 1]") ;;
      server | route | listener) kind="${kind:-${words[i]}s}" ;;
    esac
  done
  [[ -n "$kind" ]] || return
  found=(${(f)"$(_call_program names $service who --names $kind $at 2>/dev/null)"})
  compadd -a found
}
"""
BASH_BANS = """
# addresses of IPv6 have colons, at which bash splits words
_ftpalg_bans() {
  local at=() line="${COMP_LINE:0:COMP_POINT}" whole before="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in
      --socket | --config) at+=("${COMP_WORDS[i]}" "${COMP_WORDS[i + 1]}") ;;
    esac
  done
  whole="${line##*[[:space:]]}"
  [[ "$whole" == *:* ]] && before="${whole%"${whole##*:}"}"
  compgen -W "$("${COMP_WORDS[0]}" bans list --names "${at[@]}" 2>/dev/null)" -- "$whole" |
    while IFS= read -r i; do printf '%s\\n' "${i#"$before"}"; done
}
"""
ZSH_BANS = """
_ftpalg_bans() {
  local -a at found
  local i
  for ((i = 1; i < CURRENT; i++)); do
    case "$words[i]" in
      --socket | --config) at+=("$words[i]" "$words[i + 1]") ;;
    esac
  done
  found=(${(f)"$(_call_program names $service bans list --names $at 2>/dev/null)"})
  compadd -a found
}
"""
PREAMBLES = {"bash": BASH + BASH_PARTS + BASH_BANS, "zsh": ZSH + ZSH_PARTS + ZSH_BANS}


def completion(words: Namespace) -> int:
    """Print it; 1 where shtab is missing."""
    try:
        import shtab
    except ImportError:
        print("ftpalg completion: needs shtab: pip install shtab", file=sys.stderr)
        return FAILED
    print(shtab.complete(parser(), words.shell, preamble=PREAMBLES.get(words.shell, "")))
    return DONE
