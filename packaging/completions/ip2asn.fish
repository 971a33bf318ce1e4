# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ip2asn_global_optspecs
    string join \n org= object= peers json explain brief full all data= h/help V/version
end

function __fish_ip2asn_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ip2asn_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ip2asn_using_subcommand
    set -l cmd (__fish_ip2asn_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ip2asn -n "__fish_ip2asn_needs_command" -l org -d 'Organisations and autonomous systems in whose name each of these words begins a word' -r
complete -c ip2asn -n "__fish_ip2asn_needs_command" -l object -d 'Objects of routing registries by their key: an organisation, as-set, role or person' -r
complete -c ip2asn -n "__fish_ip2asn_needs_command" -l data -d 'Folder of what was imported [default: ~/.local/share/connmapperl/whois]' -r -F
complete -c ip2asn -n "__fish_ip2asn_needs_command" -l peers -d 'The neighbours that an autonomous system names in its policy, in place of the policy'
complete -c ip2asn -n "__fish_ip2asn_needs_command" -l json -d 'One JSON object a line for each answer, with all that is known'
complete -c ip2asn -n "__fish_ip2asn_needs_command" -l explain -d 'Which source of which date says what'
complete -c ip2asn -n "__fish_ip2asn_needs_command" -l brief -d 'A few lines an answer, as for standard input'
complete -c ip2asn -n "__fish_ip2asn_needs_command" -l full -d 'All that is known, for standard input too'
complete -c ip2asn -n "__fish_ip2asn_needs_command" -l all -d 'Leaves out nothing. Otherwise an answer has the first thousand or so of a large network or holder, and says how much it leaves out'
complete -c ip2asn -n "__fish_ip2asn_needs_command" -s h -l help -d 'Print help'
complete -c ip2asn -n "__fish_ip2asn_needs_command" -s V -l version -d 'Print version'
complete -c ip2asn -n "__fish_ip2asn_needs_command" -a "import" -d 'Imports files of registries, CAIDA and routing registries.'
complete -c ip2asn -n "__fish_ip2asn_needs_command" -a "update" -d 'Fetches what registries and CAIDA publish, and imports it.'
complete -c ip2asn -n "__fish_ip2asn_needs_command" -a "status" -d 'Lists what is imported, of which date, what is missing, and where that comes from'
complete -c ip2asn -n "__fish_ip2asn_needs_command" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c ip2asn -n "__fish_ip2asn_using_subcommand import" -l as -d 'Name of the source, which tells apart two dumps of one file name' -r
complete -c ip2asn -n "__fish_ip2asn_using_subcommand import" -l data -d 'Folder of what was imported [default: ~/.local/share/connmapperl/whois]' -r -F
complete -c ip2asn -n "__fish_ip2asn_using_subcommand import" -l no-names -d 'Indexes no names, in less time: `--org` finds none of these'
complete -c ip2asn -n "__fish_ip2asn_using_subcommand import" -l force -d 'Imports what has lost some, or is another registry\'s, too'
complete -c ip2asn -n "__fish_ip2asn_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ip2asn -n "__fish_ip2asn_using_subcommand update" -l only -d 'Kinds, registries (ripe, apnic ...) or sources, with commas between' -r
complete -c ip2asn -n "__fish_ip2asn_using_subcommand update" -l timeout -d 'How long a server may take to begin an answer; then the next is asked' -r
complete -c ip2asn -n "__fish_ip2asn_using_subcommand update" -l from-base -d 'A mirror that has files as URL/ftp.ripe.net/pub/...' -r
complete -c ip2asn -n "__fish_ip2asn_using_subcommand update" -l data -d 'Folder of what was imported [default: ~/.local/share/connmapperl/whois]' -r -F
complete -c ip2asn -n "__fish_ip2asn_using_subcommand update" -s y -l yes -d 'Does not ask'
complete -c ip2asn -n "__fish_ip2asn_using_subcommand update" -l force -d 'Fetches and imports what is not newer, older, or cut off all the same'
complete -c ip2asn -n "__fish_ip2asn_using_subcommand update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ip2asn -n "__fish_ip2asn_using_subcommand status" -l data -d 'Folder of what was imported [default: ~/.local/share/connmapperl/whois]' -r -F
complete -c ip2asn -n "__fish_ip2asn_using_subcommand status" -l rejected -d 'The first records of each source that could not be used, by line and reason'
complete -c ip2asn -n "__fish_ip2asn_using_subcommand status" -l json
complete -c ip2asn -n "__fish_ip2asn_using_subcommand status" -l check -d 'Reads all that was imported, and tells what of it is damaged'
complete -c ip2asn -n "__fish_ip2asn_using_subcommand status" -s h -l help -d 'Print help'
complete -c ip2asn -n "__fish_ip2asn_using_subcommand help; and not __fish_seen_subcommand_from import update status help" -f -a "import" -d 'Imports files of registries, CAIDA and routing registries.'
complete -c ip2asn -n "__fish_ip2asn_using_subcommand help; and not __fish_seen_subcommand_from import update status help" -f -a "update" -d 'Fetches what registries and CAIDA publish, and imports it.'
complete -c ip2asn -n "__fish_ip2asn_using_subcommand help; and not __fish_seen_subcommand_from import update status help" -f -a "status" -d 'Lists what is imported, of which date, what is missing, and where that comes from'
complete -c ip2asn -n "__fish_ip2asn_using_subcommand help; and not __fish_seen_subcommand_from import update status help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
