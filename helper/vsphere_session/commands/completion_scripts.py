"""What each shell is told, so that it asks `completion SHELL --answer` whenever somebody presses Tab.

What has been typed goes by a variable: other users can read a command line. It is not asked about the command behind
`exec --`, which each shell completes by itself.
"""

from __future__ import annotations

_BASH = r"""# bash completion for vsphere-session
_vsphere_session() {
    local program=$1 word=${COMP_WORDS[COMP_CWORD]} kind value text i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -- ]]; then
            if ((i == COMP_CWORD - 1)); then
                COMPREPLY=($(compgen -c -- "$word"))
            else
                compopt -o default
            fi
            return
        fi
    done
    [[ $program == \~/* ]] && program=$HOME${program:1}
    # readline cuts a word at each of these
    [[ $word == *[^=:]* ]] || word=
    while IFS=$'\t' read -r kind value text; do
        if [[ $kind == file ]]; then
            compopt -o default
        elif [[ $kind == plain ]]; then
            [[ $word == [\"\']* ]] || printf -v value %q "$value"
            COMPREPLY+=("$value")
        fi
    done <<<"$(_VSPHERE_SESSION_LINE=${COMP_LINE:0:COMP_POINT} _VSPHERE_SESSION_WORD=${word#[\"\']} \
        "$program" completion bash --answer 2>/dev/null)"
}
complete -F _vsphere_session vsphere-session
"""
_ZSH = r"""#compdef vsphere-session
_vsphere_session() {
    local -i end=${words[(i)--]}
    if ((CURRENT > end)); then
        words=("${(@)words[end + 1, -1]}")
        ((CURRENT -= end))
        _normal
        return
    fi
    local program=${(Q)words[1]} row kind value text
    local -a typed described
    program=${program/#\~\//$HOME/}
    typed=("${(Q)PREFIX}" "${(@Q)words[2, CURRENT - 1]}")
    for row in "${(@f)$(_VSPHERE_SESSION_WORDS=${(F)typed} $program completion zsh --answer 2>/dev/null)}"; do
        kind=${row%%$'\t'*}
        value=${${row#*$'\t'}%%$'\t'*}
        text=${row##*$'\t'}
        if [[ $kind == plain ]]; then
            described+=("${${value//\\/\\\\}//:/\\:}${text:+:$text}")
        elif [[ $kind == file ]]; then
            [[ $PREFIX == -*=* ]] && compset -P '*='
            _files
        fi
    done
    _describe word described
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _vsphere_session "$@"
else
    compdef _vsphere_session vsphere-session
fi
"""
_FISH = r"""# fish completion for vsphere-session
function __vsphere_session
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -e words[1]
    set -l end (contains -i -- -- $words)
    if test -n "$end"
        set -e words[1..$end]
        complete -C (string join ' ' -- (string escape -- $words) $word)
        return
    end
    set -lx _VSPHERE_SESSION_WORDS (string join \n -- "$word" $words | string collect)
    for row in (command $program completion fish --answer 2>/dev/null)
        set -l part (string split \t -- $row)
        if test $part[1] = plain
            echo $part[2]\t$part[3]
        else
            set -l option (string match -r -- '^-[^=]*=' $word)
            for path in (__fish_complete_path (string replace -- "$option" '' $word))
                echo "$option$path"
            end
        end
    end
end
complete -c vsphere-session -f -a '(__vsphere_session)'
"""
_POWERSHELL = r"""# PowerShell completion for vsphere-session
Register-ArgumentCompleter -Native -CommandName vsphere-session -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $elements = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition })
    $words = @($elements | Select-Object -Skip 1 | ForEach-Object { if ($null -ne $_.Value) { $_.Value } else { $_.Extent.Text } })
    if ($words -contains '--') { return }
    $program = $commandAst.GetCommandName()
    $before = $env:_VSPHERE_SESSION_WORDS
    try {
        $env:_VSPHERE_SESSION_WORDS = (@($wordToComplete) + $words) -join "`n"
        $rows = @(& $program completion powershell --answer 2>$null)
    } finally {
        $env:_VSPHERE_SESSION_WORDS = $before
    }
    foreach ($row in $rows) {
        $kind, $value, $text = $row -split "`t"
        if ($kind -ne 'plain') { continue }
        $written = if ($value -match '[^\w.:/=@\\+-]') { "'" + $value.Replace("'", "''") + "'" } else { $value }
        $tip = if ($text) { $text } else { $value }
        [System.Management.Automation.CompletionResult]::new($written, $value, 'ParameterValue', $tip)
    }
}
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}
