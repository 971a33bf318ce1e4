//! The agent's end of the link: keeps what this machine's collector says until the display has it, and keeps the link
//! alive. What is seen is the collector's business, how it is written `wire`'s.
