//! MMDB files. The whole tree is walked once and becomes the same columns as any other table: that finds
//! every broken record before the table is used, and look-ups need neither the file nor decoding any more.

use std::{collections::HashMap, io::Read, net::IpAddr, path::Path};

use maxminddb::{MaxMindDbError, Reader, WithinOptions};

use super::{
    address::AddressRange, date::date_from_unix_secs, error::ImportError, input::Input, mmdb_record::Value,
    producer::Producer, table::TableBuilder,
};

/// Stands before the metadata, which is the last part of the file.
const METADATA_MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// The metadata lies within this many bytes of the file's end (MaxMind DB format, version 2.0).
const METADATA_REACH_BYTES: usize = 128 << 10;
/// A sound tree has one leaf more than it has nodes. Aliases of IPv4 may add some; a broken tree that runs in
/// circles has without end.
const MAX_LEAVES_PER_NODE: u64 = 8;
/// Zero bytes between the tree and the data.
const SEPARATOR_BYTES: usize = 16;

pub struct Mmdb {
    pub producer: Producer,
    /// `YYYY-MM-DD`.
    pub date: Option<String>,
    pub builder: TableBuilder,
}

/// `None` where the file has no MMDB metadata, so is something else.
pub fn read(input: Input, path: &Path) -> Result<Option<Mmdb>, ImportError> {
    let mut bytes = Vec::new();
    input
        .into_reader()
        .read_to_end(&mut bytes)
        .map_err(|source| ImportError::Io { path: path.to_owned(), source })?;
    let tail = &bytes[bytes.len().saturating_sub(METADATA_REACH_BYTES)..];
    let Some(marker) = tail.windows(METADATA_MARKER.len()).rposition(|window| window == METADATA_MARKER)
    else {
        return Ok(None);
    };
    let metadata_offset = bytes.len() - tail.len() + marker;
    let broken =
        |offset: usize, problem: String| ImportError::Byte { path: path.to_owned(), offset, problem };
    let reader = Reader::from_source(bytes).map_err(|error| broken(metadata_offset, error.to_string()))?;
    let metadata = reader.metadata();
    let date = date_from_unix_secs(metadata.build_epoch);
    let producer = Producer::from_mmdb_type(&metadata.database_type);

    // Bytes of a node: two records.
    let node_bytes = usize::from(metadata.record_size) / 4;
    let data_offset = metadata.node_count as usize * node_bytes + SEPARATOR_BYTES;
    let max_leaves = (u64::from(metadata.node_count) + 1) * MAX_LEAVES_PER_NODE;

    let mut builder = TableBuilder::default();
    let mut record_from_offset: HashMap<usize, Option<u32>> = HashMap::new();
    // Leaves without data are counted too, or a circle of them would never end.
    let options = WithinOptions::default().include_networks_without_data();
    let leaves = reader.networks(options).map_err(|error| broken(0, error.to_string()))?;
    for (count, leaf) in (0u64..).zip(leaves) {
        if count > max_leaves {
            return Err(broken(0, "the search tree runs in a circle".into()));
        }
        let leaf = leaf.map_err(|error| broken(offset_of(&error).unwrap_or(0), error.to_string()))?;
        let Some(offset) = leaf.offset() else { continue };
        let record = match record_from_offset.get(&offset) {
            Some(&record) => record,
            None => {
                let at = data_offset + offset;
                let value: Value =
                    leaf.decode().map_err(|error| broken(at, error.to_string()))?.unwrap_or_default();
                let details = value.details().map_err(|problem| broken(at, problem))?;
                let record = builder.record(&details);
                record_from_offset.insert(offset, record);
                record
            }
        };
        let Some(record) = record else { continue };
        let network = leaf.network().map_err(|error| broken(data_offset + offset, error.to_string()))?;
        let (first, prefix) = (network.ip(), network.prefix());
        push_network(&mut builder, first, prefix, record);
    }
    Ok(Some(Mmdb { producer, date, builder }))
}

fn push_network(builder: &mut TableBuilder, first: IpAddr, prefix: u8, record: u32) {
    match first {
        IpAddr::V4(first) => {
            let (first, hosts) = (u32::from(first), u32::MAX.checked_shr(prefix.into()).unwrap_or(0));
            builder.push(AddressRange::V4(first, first | hosts), record);
        }
        IpAddr::V6(first) => {
            let (first, hosts) = (u128::from(first), u128::MAX.checked_shr(prefix.into()).unwrap_or(0));
            builder.push(AddressRange::V6(first, first | hosts), record);
            // IPv4 lies at ::/96. A network that holds all of that speaks for all of IPv4.
            if first == 0 && hosts >= u128::from(u32::MAX) {
                builder.push(AddressRange::V4(0, u32::MAX), record);
            }
        }
    }
}

fn offset_of(error: &MaxMindDbError) -> Option<usize> {
    match error {
        MaxMindDbError::InvalidDatabase { offset, .. } => *offset,
        _ => None,
    }
}
