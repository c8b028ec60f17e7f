//! English enough for names: one of several, and names as they are spoken.

/// `customer` of `customers`, `category` of `categories`; what does not end in s stays.
pub fn singular(plural: &str) -> String {
    let lower = plural.to_lowercase();
    let without = |count: usize| plural[..plural.len() - count].to_owned();
    if lower.ends_with("people") {
        return format!("{}person", without(6));
    }
    if lower.len() > 4 && lower.ends_with("ies") {
        return format!("{}y", without(3));
    }
    if ["sses", "ches", "shes", "xes", "tuses", "buses", "viruses"]
        .iter()
        .any(|ending| lower.ends_with(ending))
    {
        return without(2);
    }
    let kept = ["ss", "us", "is", "news", "series"]
        .iter()
        .any(|ending| lower.ends_with(ending));
    if lower.len() > 2 && lower.ends_with('s') && !kept {
        return without(1);
    }
    plural.to_owned()
}

/// `order item` of `order_item`.
pub fn spoken(name: &str) -> String {
    name.replace(['_', '-'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singular_forms() {
        for (plural, wanted) in [
            ("customers", "customer"),
            ("categories", "category"),
            ("order_items", "order_item"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("statuses", "status"),
            ("warehouses", "warehouse"),
            ("people", "person"),
            ("status", "status"),
            ("film", "film"),
            ("news", "news"),
        ] {
            assert_eq!(singular(plural), wanted);
        }
    }
}
