//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use connmapperl::{download::PATIENCE, version::VERSION};

/// A server that takes longer has gone home.
const MOST_PATIENCE_SECS: u64 = 3_600;

/// Prints who holds IP addresses and AS numbers, and where they are, offline.
#[derive(Parser)]
#[command(
    name = "ip2asn",
    version = VERSION,
    after_help = "Exit code: 0 when something was found for every query, 1 when not, 2 when a query was none, 3 when \
                  the output cannot be written."
)]
pub struct Options {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Addresses, ranges (A-B), networks (A/LENGTH) and AS numbers (AS3333); without any, standard input is read, one a
    /// line.
    #[arg(value_name = "QUERY")]
    pub queries: Vec<String>,
    /// Organisations and autonomous systems in whose name each of these words begins a word.
    #[arg(long, value_name = "NAME", conflicts_with = "queries")]
    pub org: Option<String>,
    /// Objects of routing registries by their key: an organisation, as-set, role or person.
    #[arg(long, value_name = "KEY", conflicts_with_all = ["queries", "org"])]
    pub object: Option<String>,
    /// The neighbours that an autonomous system names in its policy, in place of the policy.
    #[arg(long)]
    pub peers: bool,
    /// One JSON object a line for each answer, with all that is known.
    #[arg(long)]
    pub json: bool,
    /// Which source of which date says what.
    #[arg(long)]
    pub explain: bool,
    /// A few lines an answer, as for standard input.
    #[arg(long, conflicts_with_all = ["full", "json"])]
    pub brief: bool,
    /// All that is known, for standard input too.
    #[arg(long)]
    pub full: bool,
    /// Leaves out nothing. Otherwise an answer has the first thousand or so of a large network or holder, and says how
    /// much it leaves out.
    #[arg(long)]
    pub all: bool,
    /// Folder of what was imported [default: ~/.local/share/connmapperl/whois].
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Command {
    Import(ImportOptions),
    Update(UpdateOptions),
    Status(StatusOptions),
}

/// Imports files of registries, CAIDA and routing registries.
///
/// They are told apart by content: delegated-...-extended-latest, as-org2info as
/// text or JSON lines, and RPSL dumps; plain, gzip or zip. What is imported stays
/// as it was until the new one is complete.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct ImportOptions {
    /// Files, or folders: of these the files, and nothing deeper.
    #[arg(value_name = "FILE|DIR", required = true)]
    pub paths: Vec<PathBuf>,
    /// Name of the source, which tells apart two dumps of one file name.
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
    /// Indexes no names, in less time: `--org` finds none of these.
    #[arg(long)]
    pub no_names: bool,
    /// Imports what has lost some, or is another registry's, too.
    #[arg(long)]
    pub force: bool,
}

/// Fetches what registries and CAIDA publish, and imports it.
///
/// It asks first, and says what, from where, of which size and on which terms.
/// What is there and still the newest is not fetched again. It may be
/// interrupted: the same command goes on from there, and what was imported
/// before stays until the new one is complete.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct UpdateOptions {
    /// Kinds, registries (ripe, apnic ...) or sources, with commas between.
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Does not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// Fetches and imports what is not newer, older, or cut off all the same.
    #[arg(long)]
    pub force: bool,
    /// How long a server may take to begin an answer; then the next is asked.
    #[arg(long, value_name = "SECONDS", default_value_t = PATIENCE.as_secs(),
        value_parser = clap::value_parser!(u64).range(1..=MOST_PATIENCE_SECS))]
    pub timeout: u64,
    /// A mirror that has files as URL/ftp.ripe.net/pub/...
    #[arg(long, value_name = "URL")]
    pub from_base: Option<String>,
}

/// Lists what is imported, of which date, what is missing, and where that comes from.
#[derive(Args)]
pub struct StatusOptions {
    /// The first records of each source that could not be used, by line and reason.
    #[arg(long)]
    pub rejected: bool,
    #[arg(long)]
    pub json: bool,
    /// Reads all that was imported, and tells what of it is damaged.
    #[arg(long)]
    pub check: bool,
}
