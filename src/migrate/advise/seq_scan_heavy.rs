//! `seq-scan-heavy`: a large table that is mostly read from end to end, often.

use super::{Fact, Finding, Mend, Subject, since};
use crate::diagnostic::Severity;
use crate::text::number::{bytes, count, counted};

const LARGE_BYTES: i64 = 8 * 1024 * 1024;
/// Fewer scans may be backups, reports or the analysis of a schema.
const MANY_SCANS: i64 = 50;

pub(super) fn advise(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let statistics = subject.statistics;
    for table in &statistics.tables {
        let scans = table.sequential_scans;
        if table.bytes < LARGE_BYTES || scans < MANY_SCANS || scans <= table.index_scans {
            continue;
        }
        let per_scan = table.sequential_rows / scans;
        // A LIMIT ends a scan early: such scans are not the trouble.
        if per_scan * 10 < table.rows {
            continue;
        }
        findings.push(Finding {
            message: format!(
                "{}: {} of {}, {} by an index",
                table.label(),
                counted(scans, "scan"),
                bytes(table.bytes as f64),
                count(table.index_scans)
            ),
            because: format!(
                "{} rows a scan {}; statements that read it so are candidates of --suggest-indexes",
                count(per_scan),
                since(statistics)
            ),
            evidence: vec![
                ("sequential_scans", Fact::Number(scans)),
                ("rows_per_scan", Fact::Number(per_scan)),
                ("index_scans", Fact::Number(table.index_scans)),
                ("bytes", Fact::Number(table.bytes)),
                (
                    "since",
                    statistics
                        .server
                        .since
                        .clone()
                        .map_or(Fact::Unknown, Fact::Text),
                ),
            ],
            mend: Mend::Decision(
                "`--suggest-indexes` looks for the index that its statements need".to_owned(),
            ),
            weight: table.sequential_rows as f64,
            ..Finding::new("seq-scan-heavy", Severity::Info, table)
        });
    }
}
