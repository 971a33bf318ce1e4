//! Connections by the address at the other end, of both families: how often, when last and under which label.

use std::{net::IpAddr, sync::Arc};

use super::{Family, Newest, heat::Heat};

/// Labels that are told apart; nobody has so many rules.
const MOST_LABELS: usize = u16::MAX as usize;

/// What was heard of the addresses of one family.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    pub heat: Heat,
    /// Labels are those of [`Peers::labels`].
    pub newest: Newest,
}

/// Connections by the address at the other end.
#[derive(Clone, Debug, Default)]
pub struct Peers {
    pub ipv4: Heard,
    /// By [`super::ipv6_key`].
    pub ipv6: Heard,
    /// IPv6 outside of 2000::/3, which has no keys: link-local, unique local and the like.
    pub without_key: u64,
    /// Of the rules that matched then, by the number that [`Newest`] has; `None` where none matched.
    pub labels: Vec<Option<Arc<str>>>,
}

impl Peers {
    /// Counts a connection.
    pub fn add(&mut self, address: IpAddr, opened_ms: i64, label: Option<&Arc<str>>) {
        let label = self.label(label);
        self.add_labelled(address, opened_ms, label);
    }

    pub const fn of(&self, family: Family) -> &Heard {
        match family {
            Family::V4 => &self.ipv4,
            Family::V6 => &self.ipv6,
        }
    }

    /// As [`Self::add`], by the number of a label.
    pub fn add_labelled(&mut self, address: IpAddr, opened_ms: i64, label: u16) {
        let Some((family, key)) = Family::key_of(address) else {
            self.without_key += 1;
            return;
        };
        let heard = match family {
            Family::V4 => &mut self.ipv4,
            Family::V6 => &mut self.ipv6,
        };
        heard.heat.add(key, 1);
        heard.newest.add(key, opened_ms, label);
    }

    /// The number of a label, from now on if it is new.
    pub fn label(&mut self, label: Option<&Arc<str>>) -> u16 {
        let at = self.labels.iter().position(|known| known.as_ref() == label).unwrap_or_else(|| {
            self.labels.push(label.cloned());
            self.labels.len() - 1
        });
        at.min(MOST_LABELS) as u16
    }
}
