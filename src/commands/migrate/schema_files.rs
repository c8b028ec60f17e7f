//! Statistics of a schema that is only a file: it is loaded into a scratch database first.

use std::path::Path;

use crate::catalog::statistics::Statistics;
use crate::failure::Failure;
use crate::settings::migrate::Analyze;
use crate::terminal::Terminal;

pub(super) async fn read(
    _path: &Path,
    _request: &Analyze,
    _terminal: &mut Terminal,
) -> Result<Statistics, Failure> {
    Err(Failure::input(
        "`migrate SOURCE --analyze` is not part of this build yet",
    ))
}
