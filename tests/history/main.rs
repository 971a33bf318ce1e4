//! The detailed history under hard treatment: killed at any moment, on a full disk, in a folder that cannot be written, beside
//! others who hold its file, and on files that are damaged or none of its own. Whatever happens, whoever tells it what
//! happens goes on, the user is told, and nothing is deleted.

#![cfg(test)]

mod faults;
mod feed;
mod kill;
mod second;
