//! What can be imported, where its makers publish it, and on which terms; and what else exists that needs an account. A
//! list of facts: nothing is fetched here.

use super::detect::Kind;

/// A file that anybody may fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Name of the index, which is also what an import of the file by hand gives it.
    pub name: &'static str,
    pub kind: Kind,
    /// As the records of the file name it, in lower case.
    pub registry: &'static str,
    pub url: &'static str,
    /// Size in late 2026, where it is known; bytes.
    pub about_bytes: Option<u64>,
    /// Its MD5 is published beside it, as `URL.md5`.
    pub has_md5: bool,
    /// In short: what they say is their makers'.
    pub terms: &'static str,
}

const fn delegated(
    name: &'static str,
    registry: &'static str,
    url: &'static str,
    about_bytes: u64,
) -> Source {
    let terms = "NRO statistics: CC BY 4.0, as those say who pass them on";
    Source {
        name,
        kind: Kind::Delegated,
        registry,
        url,
        about_bytes: Some(about_bytes),
        has_md5: true,
        terms,
    }
}

const fn rpsl(name: &'static str, registry: &'static str, url: &'static str, terms: &'static str) -> Source {
    Source { name, kind: Kind::Rpsl, registry, url, about_bytes: None, has_md5: false, terms }
}

const RIPE: &str = "RIPE Database Terms and Conditions";
const APNIC: &str = "Internet operations only; not to be passed on or mapped to places";
const LACNIC: &str = "LACNIC's terms of use";

/// All of them, the smaller and more telling ones of a registry first.
pub const SOURCES: &[Source] = &[
    delegated(
        "delegated-ripencc",
        "ripencc",
        "https://ftp.ripe.net/pub/stats/ripencc/delegated-ripencc-extended-latest",
        18_079_469,
    ),
    delegated(
        "delegated-apnic",
        "apnic",
        "https://ftp.apnic.net/stats/apnic/delegated-apnic-extended-latest",
        9_251_215,
    ),
    delegated(
        "delegated-arin",
        "arin",
        "https://ftp.arin.net/pub/stats/arin/delegated-arin-extended-latest",
        12_799_845,
    ),
    delegated(
        "delegated-lacnic",
        "lacnic",
        "https://ftp.lacnic.net/pub/stats/lacnic/delegated-lacnic-extended-latest",
        4_566_386,
    ),
    delegated(
        "delegated-afrinic",
        "afrinic",
        "https://ftp.afrinic.net/pub/stats/afrinic/delegated-afrinic-extended-latest",
        999_554,
    ),
    Source {
        name: "as-org2info",
        kind: Kind::AsOrg,
        registry: "caida",
        url: "https://publicdata.caida.org/datasets/as-organizations/latest.as-org2info.txt.gz",
        about_bytes: None,
        has_md5: false,
        terms: "CAIDA's agreement: cite it, report publications, do not pass it on",
    },
    rpsl("rpsl-ripe.db.aut-num", "ripe", "https://ftp.ripe.net/ripe/dbase/split/ripe.db.aut-num.gz", RIPE),
    rpsl("rpsl-apnic.db.aut-num", "apnic", "https://ftp.apnic.net/apnic/whois/apnic.db.aut-num.gz", APNIC),
    rpsl(
        "rpsl-arin.db",
        "arin",
        "https://ftp.arin.net/pub/rr/arin.db.gz",
        "ARIN's, of its routing registry (bulk whois would need an agreement)",
    ),
    rpsl("rpsl-lacnic.db", "lacnic", "https://ftp.lacnic.net/lacnic/dbase/lacnic.db.gz", LACNIC),
    rpsl("rpsl-lacnic.irr.db", "lacnic", "https://ftp.lacnic.net/lacnic/irr/lacnic.db.gz", LACNIC),
    rpsl(
        "rpsl-afrinic.db",
        "afrinic",
        "https://ftp.afrinic.net/dbase/afrinic.db.gz",
        "AFRINIC's: not to be passed on in bulk",
    ),
];

/// Who a file of all registries is of, as its header names it.
pub const OF_ALL_REGISTRIES: &str = "nro";

/// Tables of places that cannot be fetched without an account: name, and how to get them.
pub const WITH_ACCOUNT: [(&str, &str); 3] = [
    ("GeoLite2 City and ASN", "sign up at maxmind.com; GeoLite licence"),
    ("IP2Location LITE DB11", "sign up at ip2location.com; CC BY-SA 4.0"),
    ("IPinfo Lite", "sign up at ipinfo.io; CC BY-SA 4.0"),
];

/// Whether a word means this source: its name, its kind, or its registry.
fn is_meant(source: &Source, word: &str) -> bool {
    [source.name, source.kind.label(), source.registry].iter().any(|known| known.eq_ignore_ascii_case(word))
        || (source.registry == "ripencc" && word.eq_ignore_ascii_case("ripe"))
}

/// The sources that these words mean, or all without any; a word that means none is the error.
///
/// # Errors
/// The first word that means no source.
pub fn select(words: &[String]) -> Result<Vec<&'static Source>, &str> {
    if let Some(word) = words.iter().find(|word| !SOURCES.iter().any(|source| is_meant(source, word))) {
        return Err(word);
    }
    let is_wanted = |source: &&Source| words.is_empty() || words.iter().any(|word| is_meant(source, word));
    Ok(SOURCES.iter().filter(is_wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<&'static str> {
        let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
        select(&words).unwrap().into_iter().map(|source| source.name).collect()
    }

    #[test]
    fn kinds_registries_and_names_are_meant() {
        assert_eq!(names(&[]).len(), SOURCES.len());
        assert_eq!(names(&["delegated"]).len(), 5);
        assert_eq!(names(&["ripe"]), ["delegated-ripencc", "rpsl-ripe.db.aut-num"]);
        assert_eq!(names(&["RPSL-arin.db", "as-org2info"]), ["as-org2info", "rpsl-arin.db"]);
        let unknown = ["rpsl".to_owned(), "nonsense".to_owned()];
        assert_eq!(select(&unknown), Err("nonsense"));
    }

    #[test]
    fn each_has_a_name_of_its_own_and_an_address_that_is_encrypted() {
        for (i, source) in SOURCES.iter().enumerate() {
            assert!(source.url.starts_with("https://"), "{}", source.url);
            assert!(SOURCES[..i].iter().all(|other| other.name != source.name && other.url != source.url));
        }
    }
}
