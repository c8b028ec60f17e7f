//! Where a value stands: in which of the documents that are read together, and a chain of keys and
//! indices in it, kept on the stack while a document is read and written out as a JSON pointer only
//! when somebody asks.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// One step down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment<'a> {
    Key(&'a str),
    Index(usize),
}

/// A place as a chain of steps. A child borrows its parent.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    /// A JSON pointer: the root, or the target of a reference, in a document.
    Pointer(usize, &'a str),
    Segment(Segment<'a>),
}

impl<'a> Path<'a> {
    pub const ROOT: Path<'static> = Path {
        parent: None,
        step: Step::Pointer(0, ""),
    };

    /// The place that a JSON pointer names in the first document.
    pub const fn at(pointer: &'a str) -> Self {
        Self::within(0, pointer)
    }

    /// The place that a JSON pointer names in one of several documents.
    pub const fn within(document: usize, pointer: &'a str) -> Self {
        Self {
            parent: None,
            step: Step::Pointer(document, pointer),
        }
    }

    /// Which of the documents that are read together, counted from 0.
    pub fn document(&self) -> usize {
        let mut next = *self;
        while let Some(parent) = next.parent {
            next = *parent;
        }
        match next.step {
            Step::Pointer(document, _) => document,
            Step::Segment(_) => 0,
        }
    }

    /// How many steps there are to the start of the chain.
    pub fn depth(&self) -> usize {
        let mut depth = 0;
        let mut next = *self;
        while let Some(parent) = next.parent {
            depth += 1;
            next = *parent;
        }
        depth
    }

    /// The last steps as a JSON pointer.
    pub fn last_steps(&self, count: usize) -> String {
        let mut steps = Vec::new();
        let mut next = *self;
        while steps.len() < count
            && let Some(parent) = next.parent
        {
            steps.push(next.step);
            next = *parent;
        }
        let mut pointer = String::new();
        for step in steps.iter().rev() {
            // Writing to a `String` cannot fail.
            let _ = write!(pointer, "{step}");
        }
        pointer
    }

    pub const fn key(&'a self, key: &'a str) -> Self {
        Self {
            parent: Some(self),
            step: Step::Segment(Segment::Key(key)),
        }
    }

    pub const fn index(&'a self, index: usize) -> Self {
        Self {
            parent: Some(self),
            step: Step::Segment(Segment::Index(index)),
        }
    }

    /// The last key, when the last step is one.
    pub fn last_key(&self) -> Option<Cow<'a, str>> {
        match self.step {
            Step::Segment(Segment::Key(key)) => Some(Cow::Borrowed(key)),
            Step::Segment(Segment::Index(_)) => None,
            Step::Pointer(_, pointer) => pointer.rsplit_once('/').map(|(_, last)| unescape(last)),
        }
    }

    /// All steps from the root. An index of a pointer is a key that is written in digits.
    pub fn steps(&self) -> Vec<Cow<'a, str>> {
        let mut steps = Vec::new();
        let mut next = Some(*self);
        while let Some(path) = next {
            match path.step {
                Step::Segment(Segment::Key(key)) => steps.push(Cow::Borrowed(key)),
                Step::Segment(Segment::Index(index)) => steps.push(Cow::Owned(index.to_string())),
                Step::Pointer(_, pointer) => {
                    let segments: Vec<&str> = pointer.split('/').skip(1).collect();
                    steps.extend(segments.into_iter().rev().map(unescape));
                }
            }
            next = path.parent.copied();
        }
        steps.reverse();
        steps
    }
}

/// The JSON pointer of RFC 6901.
impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            fmt::Display::fmt(parent, formatter)?;
        }
        fmt::Display::fmt(&self.step, formatter)
    }
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Pointer(_, pointer) => formatter.write_str(pointer),
            Step::Segment(Segment::Key(key)) => write!(formatter, "/{}", escape(key)),
            Step::Segment(Segment::Index(index)) => write!(formatter, "/{index}"),
        }
    }
}

/// A key as a segment of a JSON pointer.
pub fn escape(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) {
        Cow::Owned(key.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(key)
    }
}

/// A segment of a JSON pointer as a key.
fn unescape(segment: &str) -> Cow<'_, str> {
    if segment.contains('~') {
        Cow::Owned(segment.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(segment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_a_pointer_and_back() {
        let root = Path::ROOT;
        let paths = root.key("paths");
        let users = paths.key("/users/{a~b}");
        let first = users.index(0);
        assert_eq!(first.to_string(), "/paths/~1users~1{a~0b}/0");
        let pointer = first.to_string();
        assert_eq!(Path::at(&pointer).steps(), first.steps());
        assert_eq!(Path::at(&pointer).last_key().as_deref(), Some("0"));
        assert_eq!(Path::ROOT.steps(), Vec::<&str>::new());
    }
}
