//! What the history is told: all that happens to connections and agents, whether the map has room for it or not.

use crate::model::{AgentId, Located};

/// One thing to remember.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// Never a full set: every change is told by itself.
    Told(Located),
    /// All that this agent had open when it was first looked at has been told. What an earlier run of the program knew
    /// as open, and was not told again, has been closed.
    Looked(AgentId),
}
