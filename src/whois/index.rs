//! An imported source as one file that queries are answered from: its records' texts, packed in blocks, and tables that
//! find them by range, id and word. Owns the file's format; what a record means is not known here.
//!
//! A file is a header, the blocks of text, and a section for each table. It is written under another name and renamed
//! when it is whole, so a reader sees all of an import or nothing of it. Numbers are big-endian, so that rows are
//! ordered as their bytes are. Behind all of them stand sums of the file's pages.

mod deflate;
mod header;
mod huffman;
mod ids;
mod pack;
mod pages;
mod ranges;
mod reader;
mod sorter;
mod text;
mod word_sorter;
mod words;
mod writer;

pub use header::{FILE_ENDING, Meta, TEMPORARY_PREFIX};
pub use pack::{BlockPacker, Packed, Packer};
pub use reader::Index;
pub use writer::IndexWriter;
