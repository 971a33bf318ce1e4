//! Who made a file, and the words that its licence asks to show.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Producer {
    MaxMind,
    DbIp,
    IpInfo,
    Ip2Location,
    IpToAsn,
    /// A list of AS numbers without header: DB-IP's own, or the one of the ip-location-db project.
    AsnList,
    IpLocationDb,
    Tor,
    Connmap,
    Other,
}

impl Producer {
    /// Short name for lists of sources.
    pub const fn label(self) -> &'static str {
        match self {
            Self::MaxMind => "MaxMind GeoLite2/GeoIP2",
            Self::DbIp => "DB-IP",
            Self::IpInfo => "IPinfo",
            Self::Ip2Location => "IP2Location LITE",
            Self::IpToAsn => "iptoasn",
            Self::AsnList => "ASN list",
            Self::IpLocationDb => "ip-location-db",
            Self::Tor => "Tor geoip",
            Self::Connmap => "connmap",
            Self::Other => "own data",
        }
    }

    /// What the licence asks to show where results are shown; empty where it asks for nothing or is not
    /// known.
    pub const fn attribution(self) -> &'static str {
        match self {
            Self::MaxMind | Self::Connmap => {
                "This product includes GeoLite2 data created by MaxMind, \
                 available from https://www.maxmind.com"
            }
            Self::DbIp | Self::IpLocationDb => "IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0",
            Self::IpInfo => "IP address data powered by IPinfo (https://ipinfo.io), CC BY-SA 4.0",
            Self::Ip2Location => {
                "This product includes IP2Location LITE data \
                 available from https://lite.ip2location.com, CC BY-SA 4.0"
            }
            Self::IpToAsn => "ASN data by iptoasn.com, PDDL 1.0",
            Self::AsnList => {
                "ASN data by DB-IP (https://db-ip.com), Route Views (routeviews.org) \
                 and NRO (nro.net), CC BY 4.0"
            }
            Self::Tor => "Country data by the IPFire Project (https://location.ipfire.org), CC BY-SA 4.0",
            Self::Other => "",
        }
    }

    /// From the `database_type` of an MMDB file. The ip-location-db project names its conversions by content
    /// alone, as in `city ipv4`.
    pub fn from_mmdb_type(database_type: &str) -> Self {
        let name = database_type.to_ascii_lowercase();
        match () {
            () if name.starts_with("geolite2") || name.starts_with("geoip2") => Self::MaxMind,
            () if name.starts_with("dbip") || name.starts_with("db-ip") => Self::DbIp,
            () if name.starts_with("ipinfo") => Self::IpInfo,
            () if name.starts_with("ip2") => Self::Ip2Location,
            () if name.starts_with("city ipv") => Self::IpLocationDb,
            () if name.starts_with("asn ipv") || name == "asn" => Self::AsnList,
            () => Self::Other,
        }
    }
}
