//! Addresses as the history keeps them: IPv4 as a number of 32 bits, IPv6 as 16 bytes. Both are smaller than text, sort
//! as addresses do, and are turned into text by the views, in plain SQL.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rusqlite::types::{Value, ValueRef};

pub fn address_to_sql(address: IpAddr) -> Value {
    match address {
        IpAddr::V4(v4) => Value::Integer(i64::from(u32::from(v4))),
        IpAddr::V6(v6) => Value::Blob(v6.octets().to_vec()),
    }
}

/// `None` for what is no address as the history keeps it.
pub fn address_from_sql(value: ValueRef<'_>) -> Option<IpAddr> {
    match value {
        ValueRef::Integer(number) => Some(Ipv4Addr::from(u32::try_from(number).ok()?).into()),
        ValueRef::Blob(bytes) => Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_address_comes_back_as_it_was(v4: u32, v6: u128) {
            for address in [IpAddr::from(Ipv4Addr::from(v4)), IpAddr::from(Ipv6Addr::from(v6))] {
                let kept = address_to_sql(address);
                prop_assert_eq!(address_from_sql(ValueRef::from(&kept)), Some(address));
            }
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for bad in [
            ValueRef::Null,
            ValueRef::Integer(-1),
            ValueRef::Integer(1 << 32),
            ValueRef::Blob(b"15 bytes of it."),
        ] {
            assert_eq!(address_from_sql(bad), None);
        }
    }
}
