//! What keeps a question from doing harm: the connection reads only, an authorizer lets through nothing but reading, and
//! a look now and then ends what takes too long or was cancelled.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use rusqlite::{
    Connection,
    config::DbConfig,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
};

use super::{Limits, Progress};

/// Steps of SQLite's machine between two looks at the clock: well under a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 4_000;
/// Bytes of one text or number; nothing in the history comes near.
const LONGEST_VALUE: i32 = 1 << 20;
/// Bytes of a question.
const LONGEST_SQL: i32 = 1 << 16;
/// Of one question, such as `a + b + …` or nested selects.
const DEEPEST_EXPRESSION: i32 = 200;
/// Kilobytes of pages that a question may keep in memory.
const CACHE_KB: i64 = 32_768;

/// Shuts the connection off from all but reading.
pub fn close(
    database: &mut Connection,
    limits: Limits,
    progress: &Arc<Progress>,
    began: Instant,
) -> rusqlite::Result<()> {
    database.pragma_update(None, "query_only", true)?;
    // Sorting goes to temporary files of SQLite's own, not to memory.
    database.pragma_update(None, "temp_store", "FILE")?;
    database.pragma_update(None, "cache_size", -CACHE_KB)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, LONGEST_SQL),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, DEEPEST_EXPRESSION),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        database.set_limit(limit, most)?;
    }
    let progress = Arc::clone(progress);
    let is_over = move || progress.cancelled.load(Ordering::Relaxed) || began.elapsed() >= limits.time;
    database.progress_handler(STEPS_BETWEEN_LOOKS, Some(is_over))?;
    database.authorizer(Some(may))
}

/// Reading, and nothing else.
fn may(asked: AuthContext<'_>) -> Authorization {
    match asked.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Function { function_name } if !is_barred(function_name) => Authorization::Allow,
        // What the tables look like may be asked, as long as nothing is set by it.
        AuthAction::Pragma { pragma_name, .. } if TELLING_PRAGMAS.contains(&pragma_name) => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

const TELLING_PRAGMAS: [&str; 4] = ["table_info", "table_xinfo", "table_list", "index_list"];

fn is_barred(function: &str) -> bool {
    ["load_extension", "fts3_tokenizer", "writefile", "edit"]
        .iter()
        .any(|barred| function.eq_ignore_ascii_case(barred))
}
