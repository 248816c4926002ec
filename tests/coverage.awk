# SPDX-License-Identifier: MIT
# Adds up what `gcov -b -c -t` says of pario.h from line `begin` on, over many objects. A line or
# a branch is reached if it is in any of them. Exits with 1 if too few are.

/^ *-: *0:Source:/ {
    header = $0 ~ /[:\/]pario\.h$/
    line = 0
    next
}

!header { next }

# "   count:  number:text": "-" stands for a line without code, "#" and "=" for none reached.
/^ *[0-9#=-]+\*?: *[0-9]+:/ {
    split($0, part, ":")
    line = part[2] + 0
    branch = 0
    if (line < begin || part[1] ~ /^ *-$/) {
        line = 0
        next
    }
    text[line] = substr($0, index($0, ":") + 1)
    reached[line] += part[1] ~ /[#=]/ ? 0 : part[1] + 0 > 0
    next
}

/^branch +[0-9]+ / && line > 0 {
    key = line " " branch++
    taken[key] += $3 == "taken" && $4 > 0
}

function share(part, whole) {
    return whole > 0 ? 100 * part / whole : 0
}

END {
    for (line in reached) {
        lines++
        lines_reached += reached[line] > 0
    }
    for (key in taken) {
        branches++
        branches_taken += taken[key] > 0
        split(key, part, " ")
        missing[part[1]] = missing[part[1]] (taken[key] > 0 ? "" : " " part[2])
    }
    for (line = begin; lines > 0 && line < 100000; line++) {
        if (line in reached && reached[line] == 0) {
            print "line not reached:" text[line]
        } else if (verbose && missing[line] != "") {
            print "branches" missing[line] " not taken:" text[line]
        }
    }
    printf "%d of %d lines, %.2f %%\n", lines_reached, lines, share(lines_reached, lines)
    printf "%d of %d branches, %.2f %%\n", branches_taken, branches, share(branches_taken, branches)
    exit !(lines > 1000 && lines_reached == lines && share(branches_taken, branches) >= 95)
}
