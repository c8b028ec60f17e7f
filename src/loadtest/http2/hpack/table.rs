//! The two tables that indices of a header block point into (RFC 7541, 2.3): the static one of
//! Appendix A, and the dynamic one, whose octets lie in one piece of memory.

use std::collections::VecDeque;

/// What an entry counts beside its octets (RFC 7541, 4.1).
pub(super) const ENTRY_OVERHEAD: usize = 32;

/// RFC 7541, Appendix A; indices begin at 1.
pub(super) const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// The fields that the other side told to keep, the newest first.
#[derive(Debug)]
pub(super) struct Dynamic {
    /// Name and value of each entry, the oldest first; what lies before the oldest is gone.
    octets: Vec<u8>,
    /// The newest first.
    entries: VecDeque<Entry>,
    /// As RFC 7541, 4.1 counts it.
    size: usize,
    limit: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: u32,
    name: u32,
    value: u32,
}

impl Entry {
    const fn size(self) -> usize {
        self.name as usize + self.value as usize + ENTRY_OVERHEAD
    }
}

impl Dynamic {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            octets: Vec::new(),
            entries: VecDeque::new(),
            size: 0,
            limit,
        }
    }

    /// Name and value; the newest has index 0.
    pub(super) fn get(&self, index: usize) -> Option<(&[u8], &[u8])> {
        let entry = self.entries.get(index)?;
        let octets = &self.octets[entry.at as usize..];
        let (name, rest) = octets.split_at(entry.name as usize);
        Some((name, &rest[..entry.value as usize]))
    }

    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
        self.evict(0);
    }

    /// An entry larger than the table empties it and is not kept (RFC 7541, 4.4).
    pub(super) fn insert(&mut self, name: &[u8], value: &[u8]) {
        let length = name.len() + value.len();
        self.evict(length + ENTRY_OVERHEAD);
        if length + ENTRY_OVERHEAD > self.limit {
            return;
        }
        // The octets of a table are fewer than its limit: the room is made once, and used again.
        if self.octets.len() + length > self.limit {
            self.close_up();
        }
        self.entries.push_front(Entry {
            at: self.octets.len() as u32,
            name: name.len() as u32,
            value: value.len() as u32,
        });
        self.octets.extend_from_slice(name);
        self.octets.extend_from_slice(value);
        self.size += length + ENTRY_OVERHEAD;
    }

    fn evict(&mut self, room: usize) {
        while self.size + room > self.limit {
            let Some(oldest) = self.entries.pop_back() else {
                break;
            };
            self.size -= oldest.size();
        }
        if self.entries.is_empty() {
            self.octets.clear();
        }
    }

    /// Moves what is left to the start.
    fn close_up(&mut self) {
        let Some(start) = self.entries.back().map(|oldest| oldest.at) else {
            return;
        };
        self.octets.drain(..start as usize);
        for entry in &mut self.entries {
            entry.at -= start;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_make_room() {
        let mut table = Dynamic::new(200);
        for number in 0..1000 {
            table.insert(b"name", format!("{number}").as_bytes());
            let newest = table.get(0).expect("one");
            assert_eq!(newest.1, format!("{number}").as_bytes());
            if number > 5 {
                let older = table.get(3).expect("four of fifty");
                assert_eq!(older, (&b"name"[..], format!("{}", number - 3).as_bytes()));
            }
            assert!(table.size <= 200 && table.octets.len() <= 200);
        }
        table.insert(&[b'x'; 180], b"");
        assert_eq!((table.size, table.entries.len()), (0, 0));
        table.insert(b"a", b"b");
        table.set_limit(0);
        assert!(table.get(0).is_none());
    }
}
