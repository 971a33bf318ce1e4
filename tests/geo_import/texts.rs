//! Every text format: what its rows mean, and that neither packing nor the file's name matters.

use connmapperl::geo::import::{Kind, open, open_import};

use super::{asn, fixture, gzip, place, with_content};

struct Case {
    file: &'static str,
    kind: Kind,
    producer: &'static str,
    /// Address, place, ASN.
    answers: &'static [(&'static str, &'static str, &'static str)],
}

const CASES: &[Case] = &[
    Case {
        file: "geolite2/GeoLite2-City-Blocks-IPv4.csv",
        kind: Kind::Places,
        producer: "MaxMind GeoLite2/GeoIP2",
        answers: &[
            ("1.0.0.9", "Dry Creek, Upper/New South Wales/AU -33.49 143.21", "-"),
            ("1.0.1.255", "Riverton/England/GB 51.50 -0.12", "-"),
            ("3.0.0.1", "-", "-"),
            // No place of its own: the registered country names it.
            ("3.0.1.1", "//AU -25.00 133.00", "-"),
            // A place that the Locations file lacks is still a point.
            ("3.0.2.1", "//-- 10.50 20.50", "-"),
            ("1.0.2.0", "-", "-"),
        ],
    },
    Case {
        file: "geolite2/GeoLite2-City-Blocks-IPv6.csv",
        kind: Kind::Places,
        producer: "MaxMind GeoLite2/GeoIP2",
        answers: &[("2a00:100::1", "Riverton/England/GB 51.50 -0.12", "-"), ("2a00:101::1", "-", "-")],
    },
    Case {
        file: "geolite2/GeoLite2-Country-Blocks-IPv4.csv",
        kind: Kind::Countries,
        producer: "MaxMind GeoLite2/GeoIP2",
        answers: &[("1.0.0.9", "//AU -33.90 151.20", "-"), ("1.0.1.9", "//GB 51.50 -0.10", "-")],
    },
    Case {
        file: "geolite2/GeoLite2-ASN-Blocks-IPv4.csv",
        kind: Kind::Asns,
        producer: "MaxMind GeoLite2/GeoIP2",
        answers: &[
            ("1.0.0.0", "-", "AS64500 EXAMPLE-NET"),
            ("1.0.7.255", "-", "AS64501 Fictional Broadband, Pty Ltd"),
            ("1.0.8.0", "-", "-"),
        ],
    },
    Case {
        file: "dbip-city-lite.csv",
        kind: Kind::Places,
        producer: "DB-IP",
        answers: &[
            ("0.1.2.3", "-", "-"),
            ("1.0.0.0", "Gum Tree, South/Queensland/AU -27.48 153.02", "-"),
            ("1.0.3.255", "Testzhou/Fujian/CN 26.10 119.30", "-"),
            // There is a town of that name.
            ("1.0.4.1", "None/Piedmont/IT 44.94 7.54", "-"),
            ("::ffff:1.0.3.255", "Testzhou/Fujian/CN 26.10 119.30", "-"),
            ("2001:200::1", "Probeku/Tokyo/JP 35.69 139.69", "-"),
        ],
    },
    Case {
        file: "dbip-country-lite.csv",
        kind: Kind::Countries,
        producer: "DB-IP",
        answers: &[
            ("0.0.0.1", "-", "-"),
            ("1.0.0.1", "//AU -33.90 151.20", "-"),
            ("2001:200::1", "//JP 35.70 139.80", "-"),
        ],
    },
    Case {
        file: "dbip-asn-lite.csv",
        kind: Kind::Asns,
        producer: "ASN list",
        answers: &[
            ("1.0.0.1", "-", "AS64500 Example, Inc."),
            ("1.0.1.1", "-", "-"),
            ("2001:200::1", "-", "AS64502 Narrow Project"),
        ],
    },
    Case {
        file: "ip-location-db-asn-num.csv",
        kind: Kind::Asns,
        producer: "ASN list",
        answers: &[
            ("1.0.0.1", "-", "AS64500 Example, Inc."),
            ("2001:200:ffff::", "-", "AS64502 Narrow Project"),
        ],
    },
    Case {
        file: "ip-location-db-city.csv",
        kind: Kind::Places,
        producer: "ip-location-db",
        answers: &[
            ("1.0.0.1", "Gum Tree/Queensland/AU -27.48 153.02", "-"),
            ("1.0.2.1", "Testzhou/Fujian/CN 26.10 119.30", "-"),
        ],
    },
    Case {
        file: "ip2location-db1.csv",
        kind: Kind::Countries,
        producer: "IP2Location LITE",
        answers: &[("0.0.0.1", "-", "-"), ("1.0.0.1", "//AU -33.90 151.20", "-")],
    },
    Case {
        file: "ip2location-db5.csv",
        kind: Kind::Places,
        producer: "IP2Location LITE",
        answers: &[("0.0.0.1", "-", "-"), ("1.0.0.1", "Gum Tree/Queensland/AU -27.48 153.02", "-")],
    },
    Case {
        file: "ip2location-db11.csv",
        kind: Kind::Places,
        producer: "IP2Location LITE",
        answers: &[
            ("0.0.0.1", "-", "-"),
            ("1.0.0.1", "GUM TREE/QUEENSLAND/AU -27.48 153.02", "-"),
            ("1.0.1.1", "TESTZHOU/FUJIAN/CN 26.06 119.31", "-"),
        ],
    },
    Case {
        file: "ip2location-db11-ipv6.csv",
        kind: Kind::Places,
        producer: "IP2Location LITE",
        answers: &[
            ("0.0.0.1", "-", "-"),
            ("1.0.0.1", "Gum Tree/Queensland/AU -27.48 153.02", "-"),
            ("2001:200::1", "Probeku/Tokyo/JP 35.69 139.69", "-"),
        ],
    },
    Case {
        file: "ip2location-asn.csv",
        kind: Kind::Asns,
        producer: "IP2Location LITE",
        answers: &[("0.0.0.1", "-", "-"), ("1.0.0.1", "-", "AS64500 Example, Inc.")],
    },
    Case {
        file: "ipinfo-lite.csv",
        kind: Kind::Asns,
        producer: "IPinfo",
        answers: &[
            ("1.0.0.1", "-", "AS64500 Example, Inc."),
            ("9.9.9.9", "-", "AS64503 Single Host"),
            ("9.9.9.10", "-", "-"),
            ("2606:4700::1", "-", "AS64500 Example, Inc."),
            ("2a00:100::1", "-", "-"),
        ],
    },
    Case {
        file: "ipinfo-country-asn.csv",
        kind: Kind::Asns,
        producer: "IPinfo",
        answers: &[("1.0.0.1", "-", "AS64500 Example, Inc.")],
    },
    Case {
        file: "iptoasn-v4.tsv",
        kind: Kind::Asns,
        producer: "iptoasn",
        answers: &[
            ("1.0.0.1", "-", "AS64500 EXAMPLE-NET"),
            ("1.0.2.0", "-", "-"),
            ("1.0.4.1", "-", "AS64501 FICTIONAL-AS-AP The \"Fictional, Broad Band"),
        ],
    },
    Case {
        file: "iptoasn-v4-u32.tsv",
        kind: Kind::Asns,
        producer: "iptoasn",
        answers: &[("1.0.0.1", "-", "AS64500 EXAMPLE-NET"), ("1.0.2.0", "-", "-")],
    },
    Case {
        file: "iptoasn-combined.tsv",
        kind: Kind::Asns,
        producer: "iptoasn",
        answers: &[
            ("1.0.0.1", "-", "AS64500 EXAMPLE-NET"),
            ("2001:200::1", "-", "AS64502 NARROW Narrow Project"),
        ],
    },
    Case {
        file: "connmap-ipv4.csv",
        kind: Kind::Places,
        producer: "connmap",
        answers: &[
            // The first and last address of a network, which connmap itself could not place.
            ("1.0.0.0", "//-- -33.49 143.21", "-"),
            ("1.0.0.255", "//-- -33.49 143.21", "-"),
            ("1.0.1.0", "//-- 26.06 119.31", "-"),
            ("1.0.3.255", "//-- 26.00 119.00", "-"),
            ("1.0.4.9", "-", "-"),
            ("0.255.255.255", "-", "-"),
        ],
    },
    Case {
        file: "geoip",
        kind: Kind::Countries,
        producer: "Tor geoip",
        answers: &[("1.0.0.1", "//AU -33.90 151.20", "-"), ("1.0.4.0", "-", "-")],
    },
    Case {
        file: "geoip6",
        kind: Kind::Countries,
        producer: "Tor geoip",
        answers: &[("2001:200::1", "//JP 35.70 139.80", "-"), ("1.0.0.1", "-", "-")],
    },
];

#[test]
fn every_format_means_what_it_says() {
    for case in CASES {
        let import = open_import(&fixture(case.file)).unwrap_or_else(|error| panic!("{error}"));
        let source = import.source.as_ref();
        assert_eq!(import.kind, case.kind, "{}", case.file);
        for &(address, expected_place, expected_asn) in case.answers {
            assert_eq!(place(source, address), expected_place, "{} {address}", case.file);
            assert_eq!(asn(source, address), expected_asn, "{} {address}", case.file);
        }
        let file = case.file.rsplit('/').next().unwrap();
        assert_eq!(source.info().name, format!("{} ({file})", case.producer));
        assert_eq!(source.info().has_places, case.kind != Kind::Asns, "{}", case.file);
        assert_eq!(source.info().has_asns, case.kind == Kind::Asns, "{}", case.file);
        assert!(source.info().date.as_ref().is_none_or(|date| date.len() == 10));
    }
}

#[test]
fn name_packing_line_ends_and_byte_order_mark_do_not_matter() {
    for case in CASES.iter().filter(|case| !case.file.contains("City") && !case.file.contains("Country")) {
        let plain = std::fs::read(fixture(case.file)).unwrap();
        let text = String::from_utf8(plain.clone()).unwrap();
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n")).into_bytes();
        let spaced = format!("\n\n{text}\n   \n").into_bytes();
        for content in [gzip(&plain), windows.clone(), gzip(&windows), spaced] {
            with_content(&content, |path| {
                let source = open(path).unwrap_or_else(|error| panic!("{}: {error}", case.file));
                for &(address, expected_place, expected_asn) in case.answers {
                    assert_eq!(place(source.as_ref(), address), expected_place, "{} {address}", case.file);
                    assert_eq!(asn(source.as_ref(), address), expected_asn, "{} {address}", case.file);
                }
            });
        }
    }
}

#[test]
fn licences_that_ask_for_a_credit_get_it() {
    for (file, credit) in [
        ("geolite2/GeoLite2-ASN-Blocks-IPv4.csv", "https://www.maxmind.com"),
        ("dbip-city-lite.csv", "https://db-ip.com"),
        ("dbip-asn-lite.csv", "https://db-ip.com"),
        ("ip2location-db11.csv", "https://lite.ip2location.com"),
        ("ipinfo-lite.csv", "https://ipinfo.io"),
        ("connmap-ipv4.csv", "https://www.maxmind.com"),
    ] {
        let source = open(&fixture(file)).unwrap();
        assert!(source.info().attribution.contains(credit), "{file}: {}", source.info().attribution);
    }
}

#[test]
fn of_overlapping_rows_the_narrower_wins_and_then_the_later() {
    let rows =
        b"1.0.0.0,1.0.255.255,64500,Wide\n1.0.1.0,1.0.1.255,64501,Narrow\n1.0.1.0,1.0.1.255,64502,Later\n";
    with_content(rows, |path| {
        let source = open(path).unwrap();
        assert_eq!(asn(source.as_ref(), "1.0.0.9"), "AS64500 Wide");
        assert_eq!(asn(source.as_ref(), "1.0.1.9"), "AS64502 Later");
        assert_eq!(asn(source.as_ref(), "1.0.2.9"), "AS64500 Wide");
    });
}

#[test]
fn any_table_with_a_telling_header_is_read() {
    let rows = b"CIDR,City Name,Lat,Lng,Country\n10.9.0.0/16,Machine Hall,52.5,13.4,DE\n";
    with_content(rows, |path| {
        assert_eq!(place(open(path).unwrap().as_ref(), "10.9.1.1"), "Machine Hall//DE 52.50 13.40");
    });
}
