//! The head that came last. A server says the same head again and again, but for a date that changes
//! each second, so comparing its bytes spares most of the reading.

use super::Expects;
use super::head::Framing;

/// A longer head is read anew each time.
const LONGEST: usize = 2 * 1024;

/// The last complete head of a worker's connections, and what was read from it.
#[derive(Debug, Default)]
pub struct Recent {
    bytes: Vec<u8>,
    read: Option<(Expects, Framing)>,
}

impl Recent {
    /// What the head at the start of `bytes` says, if it is the one that was kept. A head ends where
    /// its blank line does, so one that begins with these bytes ends with them too.
    pub(super) fn recall(&self, bytes: &[u8], expects: Expects) -> Option<Framing> {
        let (kept, framing) = self.read?;
        (kept == expects && bytes.starts_with(&self.bytes)).then_some(framing)
    }

    pub(super) fn keep(&mut self, head: &[u8], expects: Expects, framing: Framing) {
        if head.len() <= LONGEST {
            self.bytes.clear();
            self.bytes.extend_from_slice(head);
            self.read = Some((expects, framing));
        }
    }
}
