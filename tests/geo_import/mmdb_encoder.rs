//! Writes small MMDB files, after the MaxMind DB file format specification, version 2.0.

use std::net::IpAddr;

#[derive(Clone, Debug)]
pub enum Value {
    Text(&'static str),
    Double(f64),
    Float(f32),
    U16(u16),
    U32(u32),
    U64(u64),
    Bool(bool),
    Map(Vec<(&'static str, Value)>),
    List(Vec<Value>),
}

impl Value {
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => {
                control(2, text.len(), out);
                out.extend(text.as_bytes());
            }
            Self::Double(number) => {
                control(3, 8, out);
                out.extend(number.to_be_bytes());
            }
            Self::Float(number) => {
                control(15, 4, out);
                out.extend(number.to_be_bytes());
            }
            Self::U16(number) => {
                control(5, 2, out);
                out.extend(number.to_be_bytes());
            }
            Self::U32(number) => {
                control(6, 4, out);
                out.extend(number.to_be_bytes());
            }
            Self::U64(number) => {
                control(9, 8, out);
                out.extend(number.to_be_bytes());
            }
            Self::Bool(value) => control(14, usize::from(*value), out),
            Self::Map(entries) => {
                control(7, entries.len(), out);
                for (key, value) in entries {
                    Self::Text(key).encode(out);
                    value.encode(out);
                }
            }
            Self::List(values) => {
                control(11, values.len(), out);
                values.iter().for_each(|value| value.encode(out));
            }
        }
    }
}

/// Type number and payload size; types above 7 take a second byte, sizes from 29 to 284 another one.
fn control(kind: u8, size: usize, out: &mut Vec<u8>) {
    let (low, more) = if size < 29 { (size as u8, None) } else { (29, Some((size - 29) as u8)) };
    if kind <= 7 {
        out.push(kind << 5 | low);
    } else {
        out.extend([low, kind - 7]);
    }
    out.extend(more);
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    Empty,
    Node(usize),
    /// Index of a record.
    Data(usize),
}

pub struct Encoder {
    pub ip_version: u16,
    pub record_size: u16,
    pub database_type: &'static str,
    pub build_epoch: u64,
    /// Reach the IPv4 tree from `::ffff:0:0/96` and `2002::/16` too, as MaxMind's files do.
    pub ipv4_aliases: bool,
    nodes: Vec<[Slot; 2]>,
    records: Vec<Value>,
}

impl Encoder {
    pub fn new(ip_version: u16, record_size: u16, database_type: &'static str) -> Self {
        Self {
            ip_version,
            record_size,
            database_type,
            build_epoch: 1_780_617_600,
            ipv4_aliases: false,
            nodes: vec![[Slot::Empty; 2]],
            records: Vec::new(),
        }
    }

    /// Networks must not overlap.
    pub fn insert(&mut self, network: &str, record: Value) {
        let (address, prefix) = network.split_once('/').unwrap();
        let prefix: u32 = prefix.parse().unwrap();
        let (bits, prefix) = match (address.parse().unwrap(), self.ip_version) {
            (IpAddr::V4(address), 4) => (u128::from(u32::from(address)) << 96, prefix),
            (IpAddr::V4(address), _) => (u128::from(u32::from(address)), prefix + 96),
            (IpAddr::V6(address), _) => (u128::from(address), prefix),
        };
        self.records.push(record);
        let record = self.records.len() - 1;
        self.put(bits, prefix, Slot::Data(record));
    }

    fn put(&mut self, bits: u128, prefix: u32, slot: Slot) {
        let mut node = 0;
        for depth in 0..prefix {
            let side = (bits >> (127 - depth) & 1) as usize;
            if depth + 1 == prefix {
                self.nodes[node][side] = slot;
                return;
            }
            node = match self.nodes[node][side] {
                Slot::Node(next) => next,
                _ => {
                    self.nodes.push([Slot::Empty; 2]);
                    self.nodes[node][side] = Slot::Node(self.nodes.len() - 1);
                    self.nodes.len() - 1
                }
            };
        }
    }

    fn ipv4_root(&self) -> usize {
        (0..96).fold(0, |node, _| match self.nodes[node][0] {
            Slot::Node(next) => next,
            _ => panic!("no IPv4 in this file"),
        })
    }

    pub fn encode(mut self) -> Vec<u8> {
        if self.ipv4_aliases {
            let root = Slot::Node(self.ipv4_root());
            self.put(0xffff << 32, 96, root);
            self.put(0x2002 << 112, 16, root);
        }
        let mut data = Vec::new();
        let offsets: Vec<_> = self
            .records
            .iter()
            .map(|record| {
                let offset = data.len();
                record.encode(&mut data);
                offset
            })
            .collect();
        let number = |slot: Slot| match slot {
            Slot::Empty => self.nodes.len() as u32,
            Slot::Node(node) => node as u32,
            Slot::Data(record) => (self.nodes.len() + 16 + offsets[record]) as u32,
        };
        let mut file = Vec::new();
        for [left, right] in self.nodes.iter().copied() {
            let (left, right) = (number(left).to_be_bytes(), number(right).to_be_bytes());
            match self.record_size {
                24 => file.extend([&left[1..], &right[1..]].concat()),
                28 => {
                    file.extend(&left[1..]);
                    file.push(left[0] << 4 | right[0] & 0x0f);
                    file.extend(&right[1..]);
                }
                _ => file.extend([left, right].concat()),
            }
        }
        file.extend([0; 16]);
        file.extend(data);
        file.extend(b"\xab\xcd\xefMaxMind.com");
        Value::Map(vec![
            ("binary_format_major_version", Value::U16(2)),
            ("binary_format_minor_version", Value::U16(0)),
            ("build_epoch", Value::U64(self.build_epoch)),
            ("database_type", Value::Text(self.database_type)),
            ("description", Value::Map(vec![("en", Value::Text("for tests"))])),
            ("ip_version", Value::U16(self.ip_version)),
            ("languages", Value::List(vec![Value::Text("en")])),
            ("node_count", Value::U32(self.nodes.len() as u32)),
            ("record_size", Value::U16(self.record_size)),
        ])
        .encode(&mut file);
        file
    }
}
