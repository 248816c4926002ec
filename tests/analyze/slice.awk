# The header's implementation with the functions number `first` to `last`, and all others
# declared only: awk -v first=1 -v last=20 -f slice.awk pario.h
# With list=1: a line for each function instead, with its number and its section.
#
# A section begins at the line with its tag, ">>name"; a function's body is what stands
# between a "{" and a "}" that are alone on their lines in the first column.

/^#if.*PARIO_IMPLEMENTATION/ { inside = 1 }
inside && /^(\/\*| \*) >>[a-z]+/ {
    section = $0
    sub(/.*>>/, "", section)
    sub(/[^a-z].*/, "", section)
}
inside && /^static [^=]*\(|^PARIO_DEF / { head = NR }

# The lines of a function's head are held back until it is known which function it is.
inside && head && !body && !/^\{$/ && !/[;=]$/ {
    held = held $0 "\n"
    next
}
inside && /^\{$/ {
    number++
    if (list) {
        print number, section
    }
    whole = number >= first && number <= last
    if (!whole) {
        # What is declared only must not be static: it is defined nowhere.
        sub(/^static (inline )?/, "extern ", held)
        held = held ";\n"
    }
    if (!list) {
        printf "%s", held
    }
    held = ""
    head = 0
    body = 1
}
{
    if (held != "") {
        if (!list) {
            printf "%s", held
        }
        held = ""
        head = 0
    }
    if (!list && (!body || whole)) {
        print
    }
}
body && /^\}$/ { body = 0 }
