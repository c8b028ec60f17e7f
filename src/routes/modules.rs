//! The files of a project by path, and which file an import means.

use std::collections::HashMap;
use std::sync::Arc;

use crate::text::SourceFile;

/// Endings that an import may leave out, in the order in which they are tried.
const ENDINGS: &[&str] = &["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FileId(pub(super) usize);

/// All files that may be imported, by their path with forward slashes.
pub(super) struct Modules {
    by_path: HashMap<String, FileId>,
}

impl Modules {
    pub(super) fn new(files: &[Arc<SourceFile>]) -> Self {
        let by_path = files
            .iter()
            .enumerate()
            .map(|(index, file)| (normalized(&file.name), FileId(index)));
        Self {
            by_path: by_path.collect(),
        }
    }

    /// The file that a relative specifier means; nothing for packages.
    pub(super) fn resolve(&self, from: &str, specifier: &str) -> Option<FileId> {
        if !specifier.starts_with('.') && !specifier.starts_with('/') {
            return None;
        }
        let from = normalized(from);
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = if specifier.starts_with('/') {
            normalized(specifier)
        } else {
            normalized(&format!("{folder}/{specifier}"))
        };
        Self::candidates(&path)
            .into_iter()
            .find_map(|candidate| self.by_path.get(&candidate).copied())
    }

    fn candidates(path: &str) -> Vec<String> {
        let mut candidates = vec![path.to_owned()];
        // TypeScript sources are imported by the name of their output.
        for (output, sources) in [
            (".js", &[".ts", ".tsx"][..]),
            (".mjs", &[".mts"]),
            (".cjs", &[".cts"]),
            (".jsx", &[".tsx"]),
        ] {
            if let Some(stem) = path.strip_suffix(output) {
                candidates.extend(sources.iter().map(|ending| format!("{stem}{ending}")));
            }
        }
        candidates.extend(ENDINGS.iter().map(|ending| format!("{path}.{ending}")));
        let folder = path.trim_end_matches('/');
        let indices = ENDINGS.iter().map(|ending| match folder {
            "" => format!("index.{ending}"),
            _ => format!("{folder}/index.{ending}"),
        });
        candidates.extend(indices);
        candidates
    }
}

/// `a/./b/../c` becomes `a/c`.
fn normalized(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let start = if path.starts_with('/') { "/" } else { "" };
    format!("{start}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_find_their_files() {
        let names = [
            "src/app.ts",
            "src/routes/index.ts",
            "src/routes/users.ts",
            "lib/a.cjs",
        ];
        let files: Vec<_> = names
            .iter()
            .map(|name| SourceFile::new(*name, ""))
            .collect();
        let modules = Modules::new(&files);
        for (from, specifier, found) in [
            ("src/app.ts", "./routes", Some(1)),
            ("src/app.ts", "./routes/users.js", Some(2)),
            ("src/routes/users.ts", "..", None),
            ("src/routes/users.ts", ".", Some(1)),
            ("./src/routes/users.ts", "../../lib/a", Some(3)),
            ("src/app.ts", "express", None),
        ] {
            assert_eq!(
                modules.resolve(from, specifier),
                found.map(FileId),
                "{specifier}"
            );
        }
    }
}
