complete -c connmapperl-client -l server -d 'The display to report to; port 6789 if none is given' -r
complete -c connmapperl-client -l cert -d 'The display\'s certificate (PEM), copied from there' -r -F
complete -c connmapperl-client -l fingerprint -d 'SHA-256 of the display\'s certificate, instead of the file' -r
complete -c connmapperl-client -l token-file -d 'File with the token that the display gave for this machine; only its owner may read it. Read again when it changes' -r -F
complete -c connmapperl-client -l name -d 'What this machine is called on the map [default: its host name]' -r
complete -c connmapperl-client -l interval -d 'Time between two looks at the socket table, in milliseconds; lengthened by itself where looking is dear' -r
complete -c connmapperl-client -l once -d 'Report to nobody: print the connections that there are now, and exit'
complete -c connmapperl-client -l print -d 'Report to nobody: print connections as they come and go'
complete -c connmapperl-client -l json -d 'Print JSON: an array with --once, one event a line with --print'
complete -c connmapperl-client -s v -l verbose -d 'Tell how the sockets are read, and of every attempt to connect, on standard error'
complete -c connmapperl-client -s h -l help -d 'Print help (see more with \'--help\')'
complete -c connmapperl-client -s V -l version -d 'Print version'
