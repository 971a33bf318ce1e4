//! Address blocks of real networks, by country, from which the scenes draw their peers: those of people at home and
//! of the places that people connect to. All of them answer in the embedded table. Nothing is ever sent to them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::random::Random;

/// Address blocks to draw from.
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Takes words such as `192.0.2.0/24`; words that are no block, such as country codes, only help the reader.
    pub fn from_text(text: &str) -> Self {
        Self(text.split_whitespace().filter_map(|word| word.parse().ok()).collect())
    }

    /// Only the one block that the seed points at.
    pub fn one_of(mut self, seed: u64) -> Self {
        if !self.0.is_empty() {
            let chosen = self.0[(seed % self.0.len() as u64) as usize];
            self.0 = vec![chosen];
        }
        self
    }

    /// An address of the `turn`-th block, counted round, so that each block has its share.
    pub fn address_in_turn(&self, turn: u64, random: &mut Random) -> IpAddr {
        match self.0.len() as u64 {
            0 => Ipv4Addr::UNSPECIFIED.into(),
            blocks => address_of(self.0[(turn % blocks) as usize], random),
        }
    }

    /// An address of any block.
    pub fn address(&self, random: &mut Random) -> IpAddr {
        let turn = random.next();
        self.address_in_turn(turn, random)
    }
}

/// Neither the first nor the last address of a block.
fn address_of(block: IpNet, random: &mut Random) -> IpAddr {
    match block {
        IpNet::V4(block) => {
            let hosts = u64::from(u32::from(block.hostmask()));
            let host = random.within(1..hosts) as u32;
            Ipv4Addr::from_bits(block.network().to_bits() | host).into()
        }
        IpNet::V6(block) => {
            let host =
                (u128::from(random.next()) << 64 | u128::from(random.next())) & block.hostmask().to_bits();
            Ipv6Addr::from_bits(block.network().to_bits() | host | 1).into()
        }
    }
}

/// Where people are.
pub const HOMES: &str = "
    US 73.0.0.0/8 67.160.0.0/11 71.160.0.0/11 68.96.0.0/12 24.24.0.0/14 97.112.0.0/12 72.253.0.0/16 24.237.0.0/16
    CA 99.224.0.0/11 24.64.0.0/13 24.200.0.0/14 142.160.0.0/14 134.153.0.0/16
    MX 187.192.0.0/11 189.128.0.0/10  GT 190.148.0.0/15  CR 201.192.0.0/12  PA 190.140.0.0/15  CU 152.206.0.0/15
    DO 190.166.0.0/15  TT 186.44.0.0/15  CO 181.128.0.0/12 190.24.0.0/14  VE 190.72.0.0/13  EC 186.3.0.0/16
    PE 190.232.0.0/13  BO 190.129.0.0/16  CL 200.54.0.0/16  AR 190.16.0.0/14 181.0.0.0/13  UY 167.56.0.0/13
    PY 181.120.0.0/14  BR 177.32.0.0/12 177.64.0.0/12 200.129.0.0/16  SR 186.179.128.0/17  GL 88.83.0.0/19
    IS 157.157.0.0/16  IE 86.40.0.0/13  GB 86.128.0.0/10 90.192.0.0/11  PT 85.240.0.0/13
    ES 83.32.0.0/11 88.0.0.0/11  FR 90.0.0.0/12  NL 77.160.0.0/12 84.80.0.0/13  LU 88.207.128.0/17
    DE 79.192.0.0/10 93.192.0.0/10  CH 85.0.0.0/13  IT 79.0.0.0/10 151.0.0.0/10  MT 78.133.0.0/17
    SI 89.142.0.0/15  HR 93.136.0.0/13  RS 178.220.0.0/14  GR 79.128.0.0/14  BG 46.10.0.0/16  HU 84.0.0.0/14
    SK 95.102.0.0/15  CZ 88.100.0.0/14  PL 83.0.0.0/11  DK 80.160.0.0/13  NO 84.208.0.0/13 129.242.0.0/16
    SE 90.224.0.0/12  FI 91.152.0.0/13  EE 90.190.0.0/15  LV 87.110.0.0/16  LT 78.56.0.0/13  BY 178.120.0.0/13
    MD 188.131.0.0/17  RU 95.24.0.0/13 94.50.0.0/15 5.128.0.0/14 95.154.64.0/18 88.82.160.0/19
    RU 212.19.0.0/19 85.28.240.0/20  TR 88.224.0.0/11
    GE 178.134.0.0/16  AM 37.252.64.0/19  AZ 85.132.0.0/17  CY 62.228.0.0/16  LB 178.135.0.0/16
    JO 86.108.0.0/17  IQ 37.236.0.0/14  SA 188.48.0.0/13  KW 37.36.0.0/14  QA 37.208.128.0/17  AE 86.96.0.0/14
    OM 85.154.0.0/16  IR 2.176.0.0/12  KZ 95.56.0.0/14  UZ 213.230.64.0/18  KG 212.112.96.0/19
    MN 202.126.88.0/21  EG 156.192.0.0/11  LY 41.252.0.0/14  TN 197.0.0.0/11  DZ 105.96.0.0/12
    MA 105.128.0.0/11  MR 41.138.128.0/19  SN 41.82.0.0/15  ML 41.73.96.0/19  CI 160.154.0.0/15
    GH 154.160.0.0/15  NG 105.112.0.0/12 102.88.0.0/13  CM 129.0.0.0/16  GA 41.158.0.0/15  CD 41.243.0.0/18
    AO 105.168.0.0/13  ET 196.188.0.0/14  KE 105.160.0.0/13 197.248.0.0/16  UG 41.210.128.0/18  TZ 41.59.0.0/16
    RW 197.243.0.0/17  MZ 197.218.0.0/15  ZM 165.56.0.0/14  ZW 197.221.224.0/19  BW 168.167.0.0/16
    NA 105.232.0.0/16  ZA 196.21.0.0/16  MG 102.16.0.0/14  RE 102.35.0.0/16
    IN 117.192.0.0/10 122.160.0.0/12  PK 39.32.0.0/11  BD 114.130.0.0/16  LK 112.134.0.0/15  NP 27.34.0.0/17
    MM 37.111.0.0/17  TH 171.96.0.0/13  KH 36.37.128.0/17  VN 14.160.0.0/11 113.160.0.0/11  MY 175.136.0.0/13
    SG 116.86.0.0/15  ID 36.64.0.0/11  PH 49.144.0.0/13  JP 126.0.0.0/9 153.128.0.0/9  KR 175.192.0.0/10
    TW 114.32.0.0/12  HK 14.198.0.0/15  CN 116.224.0.0/12 114.240.0.0/12 119.120.0.0/13 125.64.0.0/13 222.168.0.0/14
    AU 1.120.0.0/13 58.160.0.0/13 124.168.0.0/14 138.80.0.0/16 131.217.0.0/16
    NZ 122.56.0.0/14 27.252.0.0/16  PG 124.240.192.0/19  NC 202.22.128.0/19  FJ 27.123.128.0/18
    PF 123.50.64.0/18";

/// Where people connect to: hosting, the large services, universities.
pub const HOSTS: &str = "
    US 140.82.112.0/20 142.250.0.0/15 52.24.0.0/14 104.131.0.0/16 45.33.0.0/17 207.241.224.0/20 208.80.152.0/22
       104.244.40.0/21 171.64.0.0/14 128.52.0.0/16 17.0.0.0/9 137.229.0.0/16 128.171.0.0/16
    CA 15.222.0.0/15 142.103.0.0/16 132.206.0.0/16  MX 132.248.0.0/16  BR 18.228.0.0/14 143.107.0.0/16
    AR 157.92.0.0/16  CL 146.83.0.0/16  CO 168.176.0.0/16
    IE 34.240.0.0/13 20.54.0.0/17  GB 18.130.0.0/16 128.232.0.0/16  FR 15.188.0.0/16 51.68.0.0/18
    NL 91.198.174.0/24 185.15.58.0/23 188.166.0.0/17 145.97.0.0/16  BE 35.205.0.0/16
    DE 3.120.0.0/14 88.198.0.0/16 168.119.0.0/16 141.30.0.0/16  CH 185.70.40.0/22 129.132.0.0/16 188.184.0.0/15
    AT 131.130.0.0/16  IT 15.160.0.0/16  ES 147.83.0.0/16  PT 193.136.0.0/15  CZ 147.32.0.0/15
    PL 193.0.64.0/18 51.75.32.0/19  SE 13.48.0.0/15 130.237.0.0/16  NO 129.240.0.0/15  DK 130.225.0.0/16
    FI 95.216.0.0/15 128.214.0.0/16  GR 147.102.0.0/16  TR 144.122.0.0/16  RU 87.240.128.0/18
    IL 132.64.0.0/13  BH 15.184.0.0/16  EG 195.246.32.0/19  KE 41.89.0.0/16
    ZA 13.244.0.0/15 137.158.0.0/16 146.141.0.0/16  IN 13.232.0.0/14 139.59.0.0/18 14.139.0.0/16
    SG 13.228.0.0/15 128.199.64.0/18 137.132.0.0/16  TH 161.200.0.0/16  ID 152.118.0.0/16
    HK 18.162.0.0/16 147.8.0.0/16  TW 35.201.128.0/17 140.112.0.0/16  CN 47.92.0.0/14 120.24.0.0/14 166.111.0.0/16
    KR 223.130.192.0/20 143.248.0.0/16  JP 13.112.0.0/14 172.104.64.0/18 133.11.0.0/16
    AU 13.236.0.0/14 45.76.112.0/20 129.94.0.0/16 130.95.0.0/16  NZ 130.216.0.0/16 139.80.0.0/16";

/// People and services alike, over IPv6.
pub const IPV6: &str = "
    US 2601::/20 2600:1700::/28 2607:fb90::/32 2607:f8b0::/32 2600:1f18::/33 2600:1f14::/33 2001:468::/32
    CA 2607:fea8::/32 2604:3d08::/31 2001:410::/32  MX 2806:2f0::/32 2001:1218::/32  CO 2800:484::/32
    PE 2800:200::/32  EC 2800:430::/32  UY 2800:a4::/32  AR 2800:810::/32  BR 2804:7f0::/32 2600:1f1e::/36
    IS 2a00:c88::/32 2a01:8280::/32  IE 2a05:d018::/36  GB 2a00:23c4::/30 2a02:c7c::/30 2001:630::/32
    PT 2001:8a0::/32  ES 2a0c:5a80::/29 2001:720::/32  FR 2a01:cb00::/25 2001:41d0::/32 2001:660::/32
    BE 2a02:a000::/26  NL 2a02:a440::/26 2a02:ec80:300::/48 2001:610::/32
    DE 2a02:8108::/32 2a01:4f8::/32 2a05:d014::/36 2001:638::/32  CH 2a02:1200::/27 2001:620::/32 2001:1458::/32
    AT 2001:871::/32  IT 2001:b07::/32 2001:760::/32  GR 2a02:580::/29 2001:648::/32  CZ 2a00:1028::/32
    PL 2a02:a310::/28 2001:4070::/32  SE 2001:6b0::/32  NO 2a02:fe0::/29 2001:700::/32
    FI 2001:14ba::/32 2001:999::/32 2001:708::/32  RU 2a00:1370::/32 2a02:6b8::/32  IL 2a02:14c::/30
    SA 2001:16a2::/32  AE 2001:8f8::/32  TN 2c0f:f698::/32  NG 2c0f:f5c0::/32  KE 2c0f:fe38::/32
    ZW 2c0f:f8f0::/32  ZA 2c0f:f4c0::/32 2c0f:ef18::/32 2001:4200::/32
    IN 2409:4000::/22 2401:4900::/32 2406:da1a::/36  BD 2400:c600::/32  NP 2400:1a00::/32
    CN 240e::/20 2409:8000::/20  KR 2001:2d8::/32 2406:5900::/32  JP 2001:268::/32 2400:4000::/22 2001:200::/32
    TW 2001:288::/32  HK 2404:c800::/32  VN 2402:800::/32 2001:ee0::/32  MY 2001:e68::/32  SG 2400:6180::/48
    ID 2001:448a::/32  PH 2001:4450::/29  AU 2001:8000::/20 2403:5800::/27 2406:da1c::/36 2001:388::/32
    NZ 2407:7000::/32 2404:4400::/28 2404:138::/32";

/// Both sides of the 180th meridian, and what lies nearest to it.
pub const ANTIMERIDIAN: &str = "
    FJ 144.120.0.0/16 27.123.128.0/18 113.20.64.0/19 210.7.0.0/19  NZ 122.56.0.0/14 27.252.0.0/16 139.80.0.0/16
    TO 175.176.144.0/21 202.43.8.0/21  WS 202.4.32.0/19 123.176.72.0/21  AS 103.238.156.0/23
    RU 37.1.64.0/22 91.106.236.0/22 94.229.240.0/21 95.167.254.0/23 85.28.240.0/20  AQ 149.57.28.0/24
    US 64.110.60.0/22 64.110.28.0/22 206.168.84.0/22 206.174.20.0/23 128.171.0.0/16 72.253.0.0/16
    WF 117.20.32.0/22  TV 202.2.96.0/19  KI 202.6.120.0/22  NU 49.156.48.0/22  TK 27.96.24.0/21
    MH 117.103.88.0/21  NR 203.98.224.0/19  VU 202.80.32.0/20  NC 202.22.128.0/19  CK 202.65.32.0/19";

/// Networks whose addresses all lie at one point of the embedded table.
pub const ONE_PLACE: &str = "
    JP 133.11.0.0/16  IN 13.232.0.0/14  FJ 144.120.0.0/16  KR 143.248.0.0/16  CA 142.103.0.0/16  AT 131.130.0.0/16
    AU 138.80.0.0/16";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_word_is_a_country_or_a_block() {
        for text in [HOMES, HOSTS, IPV6, ANTIMERIDIAN, ONE_PLACE] {
            let (blocks, countries): (Vec<_>, Vec<_>) =
                text.split_whitespace().partition(|word| word.contains('/'));
            assert!(countries.iter().all(|code| code.len() == 2), "{countries:?}");
            assert_eq!(Networks::from_text(text).0.len(), blocks.len());
            assert_eq!(blocks.iter().collect::<HashSet<_>>().len(), blocks.len(), "one stands twice");
            for block in &Networks::from_text(text).0 {
                assert_eq!(*block, block.trunc(), "bits behind the prefix");
            }
        }
    }

    #[test]
    fn addresses_come_from_the_block() {
        let networks = Networks::from_text("144.120.0.0/16 2001:708::/32 13.232.0.0/30");
        let mut random = Random::from_parts(&[7]);
        for turn in 0..300 {
            let address = networks.address_in_turn(turn, &mut random);
            let block = networks.0[turn as usize % 3];
            assert!(block.contains(&address) && address != block.network());
        }
    }
}
