# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_connmapperl_global_optspecs
    string join \n config= data= demo= history= listen= fleet= fullscreen decorated light reduced-motion hilbert= hilbert-window wall wall-scene= monitor= trails= integrate filter= V/version h/help
end

function __fish_connmapperl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_connmapperl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_connmapperl_using_subcommand
    set -l cmd (__fish_connmapperl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c connmapperl -n "__fish_connmapperl_needs_command" -l config -d 'Rules file, instead of the first connmapperlrc found' -r -F
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l data -d 'Folder with tables and places.csv of your own' -r -F
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l demo -d 'A synthetic scene instead of this machine: world, antimeridian, one-place, flood, churn, ipv6' -r
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l history -d 'File of the detailed history, instead of history.sqlite in the user\'s data folder' -r -F
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l listen -d 'Listen for agents: ADDR:PORT, PORT or ADDR; without a value at port 6789 of all addresses' -r
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l fleet -d 'Folder with server-cert.pem, server-key.pem and agents.json' -r -F
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l hilbert -d 'All addresses on a Hilbert curve in place of the world, or those of a network' -r
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l wall-scene -d 'What the wall shows, and when: overview, quiet, replay, or a file, which is read again when it changes' -r -F
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l monitor -d 'The monitor, by its number or name, or all' -r
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l trails -d 'Closed connections leave trails that fade over this long: 10s, 5m, 1h, 1d, 1w' -r
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l filter -d 'Only connections of which this holds, such as \'prog:firefox cc:DE !port:443\' (docs/filter.md)' -r
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l fullscreen -d 'Start in full screen'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l decorated -d 'With an ordinary title bar'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l light -d 'Light instead of dark'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l reduced-motion -d 'No rings, no fading'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l hilbert-window -d 'All addresses in a second window, beside the map'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l wall -d 'For a screen on the wall: full screen, no pointer, what a scene says'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -l integrate -d 'Nothing fades: what was once there stays'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -s V -l version -d 'Print the version, the date of the data, and where it comes from'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -f -a "list" -d 'Print what the map would show, one row a connection'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -f -a "snapshot" -d 'Draw one picture, with no display'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -f -a "render" -d 'Draw a film of the recorded past, with no display'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -f -a "hilbert" -d 'Paint all of IPv4 along the Hilbert curve, of the recorded past or a list of addresses'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -f -a "replay" -d 'Show the recorded past, played'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -f -a "query" -d 'Ask the detailed history, in SQL'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -f -a "serve" -d 'Listen for agents, and show or print what they say'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -f -a "config" -d 'Check the files that are written by hand: settings.toml, connmapperlrc and others'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -f -a "agents" -d 'Who may connect: add, list, rename, revoke and more'
complete -c connmapperl -n "__fish_connmapperl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand list" -l config -d 'Rules file, instead of the first connmapperlrc found' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand list" -l data -d 'Folder with tables and places.csv of your own' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand list" -l demo -d 'A synthetic scene instead of this machine: world, antimeridian, one-place, flood, churn, ipv6' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand list" -l filter -d 'Only connections of which this holds, such as \'prog:firefox cc:DE !port:443\' (docs/filter.md)' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand list" -l json -d 'As JSON: an array, or with --watch one object a line'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand list" -l csv -d 'As CSV'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand list" -l watch -d 'Go on printing connections as they open and close'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand list" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand snapshot" -l config -d 'Rules file, instead of the first connmapperlrc found' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand snapshot" -l data -d 'Folder with tables and places.csv of your own' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand snapshot" -l demo -d 'A synthetic scene instead of this machine: world, antimeridian, one-place, flood, churn, ipv6' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand snapshot" -s o -l output -d 'File to write' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand snapshot" -l size -d 'Width and height in pixels' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand snapshot" -l hilbert -d 'All addresses on a Hilbert curve in place of the world, or those of a network' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand snapshot" -l places -d 'With the circles of a history that was saved in the window' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand snapshot" -l wall-scene -d 'As it hangs on a wall: a scene that ships (overview, quiet, replay), or a file' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand snapshot" -l wall-view -d 'Which of its views, from 1' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand snapshot" -l filter -d 'Only connections of which this holds, such as \'prog:firefox cc:DE !port:443\' (docs/filter.md)' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand snapshot" -l light -d 'Light instead of dark'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand snapshot" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand render" -l config -d 'Rules file, instead of the first connmapperlrc found' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand render" -l history -d 'File of the detailed history, instead of history.sqlite in the user\'s data folder' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand render" -l from -d 'Where to begin: 2026-11-25, "2026-11-25 14:00", 6h (ago), start' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand render" -l to -d 'Where to end: the same, or now, or end' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand render" -l speed -d 'How many times as fast as it was; else so fast that the film lasts a minute' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand render" -l fps -d 'Frames a second' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand render" -l size -d 'Width and height in pixels' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand render" -l trails -d 'Closed connections leave trails that fade over this long: 10s, 5m, 1h, 1d, 1w' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand render" -l filter -d 'Only connections of which this holds, such as \'prog:firefox cc:DE !port:443\' (docs/filter.md)' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand render" -s o -l output -d 'A film (.mp4, .webm or .webp, by an installed ffmpeg), or an empty or new folder for frames as PNG' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand render" -l light -d 'Light instead of dark'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand render" -l integrate -d 'Nothing fades: what was once there stays'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand render" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -l config -d 'Rules file, instead of the first connmapperlrc found' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -l data -d 'Folder with tables and places.csv of your own' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -l history -d 'File of the detailed history, instead of history.sqlite in the user\'s data folder' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -l from -d 'Where to begin: 2026-11-25, "2026-11-25 14:00", 6h (ago), start' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -l to -d 'Where to end: the same, or now, or end' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -l filter -d 'Only connections of which this holds, such as \'prog:firefox cc:DE !port:443\' (docs/filter.md)' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -s o -l output -d 'File to write' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -l size -d 'Longer edge in pixels, a power of two from 256 to 16384' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -l prefix -d 'A part of the space, such as 10.0.0.0/8' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -l color -d 'What colours tell apart' -r -f -a "octet\t'First octet'
country\t'Country'
asn\t'Autonomous system'
rir\t'Regional Internet registry'
rule\t'Rule of the newest connection of each /24'
age\t'How long ago that was: within an hour, a day, a week, a month, a year, or longer'
heat\t'How many connections, alone'"
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -l stdin -d 'In place of the history, addresses from standard input: one a line, with how often behind it if not once'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -l transpose -d 'Columns and rows swapped, as ipv4-heatmap -T has it'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -l plain -d 'Without grid lines and names of blocks'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand hilbert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l config -d 'Rules file, instead of the first connmapperlrc found' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l data -d 'Folder with tables and places.csv of your own' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l demo -d 'A synthetic scene instead of this machine: world, antimeridian, one-place, flood, churn, ipv6' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l history -d 'File of the detailed history, instead of history.sqlite in the user\'s data folder' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l listen -d 'Listen for agents: ADDR:PORT, PORT or ADDR; without a value at port 6789 of all addresses' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l fleet -d 'Folder with server-cert.pem, server-key.pem and agents.json' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l hilbert -d 'All addresses on a Hilbert curve in place of the world, or those of a network' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l wall-scene -d 'What the wall shows, and when: overview, quiet, replay, or a file, which is read again when it changes' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l monitor -d 'The monitor, by its number or name, or all' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l trails -d 'Closed connections leave trails that fade over this long: 10s, 5m, 1h, 1d, 1w' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l filter -d 'Only connections of which this holds, such as \'prog:firefox cc:DE !port:443\' (docs/filter.md)' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l from -d 'Where to begin: 2026-11-25, "2026-11-25 14:00", 6h (ago), start' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l to -d 'Where to end: the same, or now, or end' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l speed -d 'How many times as fast as it was' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l fullscreen -d 'Start in full screen'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l decorated -d 'With an ordinary title bar'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l light -d 'Light instead of dark'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l reduced-motion -d 'No rings, no fading'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l hilbert-window -d 'All addresses in a second window, beside the map'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l wall -d 'For a screen on the wall: full screen, no pointer, what a scene says'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l integrate -d 'Nothing fades: what was once there stays'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -l loop -d 'Begin again at the end; what is so long ago, now or the end is that of each turn'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand replay" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand query" -l config -d 'Rules file, instead of the first connmapperlrc found' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand query" -l data -d 'Folder with tables and places.csv of your own' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand query" -l history -d 'File of the detailed history, instead of history.sqlite in the user\'s data folder' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand query" -l name -d 'Ask one of the questions that --list prints' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand query" -l plot -d 'Draw the rows that lie somewhere onto a map, in place of printing them' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand query" -l size -d 'Width and height of the map in pixels' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand query" -l time-limit -d 'Seconds that it may take' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand query" -l list -d 'Print the questions that ship with the program'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand query" -l json -d 'As JSON: an array of objects'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand query" -l csv -d 'As CSV'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand query" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l config -d 'Rules file, instead of the first connmapperlrc found' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l data -d 'Folder with tables and places.csv of your own' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l history -d 'File of the detailed history, instead of history.sqlite in the user\'s data folder' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l listen -d 'Listen for agents: ADDR:PORT, PORT or ADDR; without a value at port 6789 of all addresses' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l fleet -d 'Folder with server-cert.pem, server-key.pem and agents.json' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l hilbert -d 'All addresses on a Hilbert curve in place of the world, or those of a network' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l wall-scene -d 'What the wall shows, and when: overview, quiet, replay, or a file, which is read again when it changes' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l monitor -d 'The monitor, by its number or name, or all' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l trails -d 'Closed connections leave trails that fade over this long: 10s, 5m, 1h, 1d, 1w' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l filter -d 'Only connections of which this holds, such as \'prog:firefox cc:DE !port:443\' (docs/filter.md)' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l log -d 'Append the lines to this file, and go on where it ends' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l demo -d 'A synthetic scene instead of this machine: world, antimeridian, one-place, flood, churn, ipv6' -r
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l fullscreen -d 'Start in full screen'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l decorated -d 'With an ordinary title bar'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l light -d 'Light instead of dark'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l reduced-motion -d 'No rings, no fading'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l hilbert-window -d 'All addresses in a second window, beside the map'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l wall -d 'For a screen on the wall: full screen, no pointer, what a scene says'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l integrate -d 'Nothing fades: what was once there stays'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -l no-gui -d 'No window: print what agents say, one JSON object a line'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand serve" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand config; and not __fish_seen_subcommand_from check help" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand config; and not __fish_seen_subcommand_from check help" -f -a "check" -d 'What is wrong with settings.toml, connmapperlrc, places.csv, saved filters and questions; nothing is changed'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand config; and not __fish_seen_subcommand_from check help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'Rules file, instead of the first connmapperlrc found' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand config; and __fish_seen_subcommand_from check" -l data -d 'Folder with tables and places.csv of your own' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "check" -d 'What is wrong with settings.toml, connmapperlrc, places.csv, saved filters and questions; nothing is changed'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and not __fish_seen_subcommand_from add list revoke rotate rename home password help" -l fleet -d 'Folder with agents.json' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and not __fish_seen_subcommand_from add list revoke rotate rename home password help" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and not __fish_seen_subcommand_from add list revoke rotate rename home password help" -f -a "add" -d 'Let a machine in: prints its token, this once'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and not __fish_seen_subcommand_from add list revoke rotate rename home password help" -f -a "list" -d 'Who may connect'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and not __fish_seen_subcommand_from add list revoke rotate rename home password help" -f -a "revoke" -d 'Cut a machine off for good'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and not __fish_seen_subcommand_from add list revoke rotate rename home password help" -f -a "rotate" -d 'Give a machine a new token; the old one ends'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and not __fish_seen_subcommand_from add list revoke rotate rename home password help" -f -a "rename" -d 'Show it under another name'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and not __fish_seen_subcommand_from add list revoke rotate rename home password help" -f -a "home" -d 'Where it stands, in degrees north and east; without them nowhere'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and not __fish_seen_subcommand_from add list revoke rotate rename home password help" -f -a "password" -d 'Set one password for all, read from standard input; tokens are safer'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and not __fish_seen_subcommand_from add list revoke rotate rename home password help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from add" -l fleet -d 'Folder with agents.json' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from list" -l fleet -d 'Folder with agents.json' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from list" -l json -d 'As JSON'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from revoke" -l fleet -d 'Folder with agents.json' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from rotate" -l fleet -d 'Folder with agents.json' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from rename" -l fleet -d 'Folder with agents.json' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from home" -l fleet -d 'Folder with agents.json' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from home" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from password" -l fleet -d 'Folder with agents.json' -r -F
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from password" -l remove -d 'Take the password back'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from password" -s h -l help -d 'Print help'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from help" -f -a "add" -d 'Let a machine in: prints its token, this once'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from help" -f -a "list" -d 'Who may connect'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from help" -f -a "revoke" -d 'Cut a machine off for good'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from help" -f -a "rotate" -d 'Give a machine a new token; the old one ends'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from help" -f -a "rename" -d 'Show it under another name'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from help" -f -a "home" -d 'Where it stands, in degrees north and east; without them nowhere'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from help" -f -a "password" -d 'Set one password for all, read from standard input; tokens are safer'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand agents; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and not __fish_seen_subcommand_from list snapshot render hilbert replay query serve config agents help" -f -a "list" -d 'Print what the map would show, one row a connection'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and not __fish_seen_subcommand_from list snapshot render hilbert replay query serve config agents help" -f -a "snapshot" -d 'Draw one picture, with no display'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and not __fish_seen_subcommand_from list snapshot render hilbert replay query serve config agents help" -f -a "render" -d 'Draw a film of the recorded past, with no display'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and not __fish_seen_subcommand_from list snapshot render hilbert replay query serve config agents help" -f -a "hilbert" -d 'Paint all of IPv4 along the Hilbert curve, of the recorded past or a list of addresses'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and not __fish_seen_subcommand_from list snapshot render hilbert replay query serve config agents help" -f -a "replay" -d 'Show the recorded past, played'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and not __fish_seen_subcommand_from list snapshot render hilbert replay query serve config agents help" -f -a "query" -d 'Ask the detailed history, in SQL'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and not __fish_seen_subcommand_from list snapshot render hilbert replay query serve config agents help" -f -a "serve" -d 'Listen for agents, and show or print what they say'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and not __fish_seen_subcommand_from list snapshot render hilbert replay query serve config agents help" -f -a "config" -d 'Check the files that are written by hand: settings.toml, connmapperlrc and others'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and not __fish_seen_subcommand_from list snapshot render hilbert replay query serve config agents help" -f -a "agents" -d 'Who may connect: add, list, rename, revoke and more'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and not __fish_seen_subcommand_from list snapshot render hilbert replay query serve config agents help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "check" -d 'What is wrong with settings.toml, connmapperlrc, places.csv, saved filters and questions; nothing is changed'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and __fish_seen_subcommand_from agents" -f -a "add" -d 'Let a machine in: prints its token, this once'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and __fish_seen_subcommand_from agents" -f -a "list" -d 'Who may connect'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and __fish_seen_subcommand_from agents" -f -a "revoke" -d 'Cut a machine off for good'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and __fish_seen_subcommand_from agents" -f -a "rotate" -d 'Give a machine a new token; the old one ends'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and __fish_seen_subcommand_from agents" -f -a "rename" -d 'Show it under another name'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and __fish_seen_subcommand_from agents" -f -a "home" -d 'Where it stands, in degrees north and east; without them nowhere'
complete -c connmapperl -n "__fish_connmapperl_using_subcommand help; and __fish_seen_subcommand_from agents" -f -a "password" -d 'Set one password for all, read from standard input; tokens are safer'
