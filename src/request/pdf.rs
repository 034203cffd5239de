//! How many pages a PDF has.
//!
//! Each page is an object `<< /Type /Page … >>`, <https://opensource.adobe.com/dc-acrobat-sdk-docs/pdfstandards/PDF32000_2008.pdf>
//! §7.7.3.3 (read 2026-11-26). Where objects are packed into compressed streams, which PDF has known since 1.5, none
//! can be seen and the number is unknown.

/// Counts pages of a file that comes byte by byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pages {
    pages: u32,
    /// How many bytes of `/Type /Page` have come, blanks not counted.
    matched: u8,
}

impl Pages {
    pub(super) const NEW: Self = Self { pages: 0, matched: 0 };

    pub(super) fn push_all(&mut self, bytes: &[u8]) {
        // Hardly any byte of a document begins a name.
        if self.matched != 0 || bytes.contains(&b'/') {
            bytes.iter().for_each(|&byte| self.push(byte));
        }
    }

    pub(super) fn push(&mut self, byte: u8) {
        let matched = usize::from(self.matched);
        if matched == PAGE.len() {
            // `/Pages` is the tree, `/PageLabel` something else.
            if !byte.is_ascii_alphanumeric() {
                self.pages = self.pages.saturating_add(1);
            }
            self.matched = 0;
        }
        let matched = usize::from(self.matched);
        if PAGE.get(matched) == Some(&byte) {
            self.matched += 1;
        } else if !(matched == TYPE_BYTES && byte.is_ascii_whitespace()) {
            self.matched = u8::from(byte == b'/');
        }
    }

    /// Pages seen so far; `None` if there were none.
    pub(super) const fn count(&self) -> Option<u32> {
        if self.pages == 0 { None } else { Some(self.pages) }
    }
}

const PAGE: &[u8] = b"/Type/Page";
const TYPE_BYTES: usize = b"/Type".len();

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(text: &str) -> Option<u32> {
        let mut pages = Pages::NEW;
        text.bytes().for_each(|byte| pages.push(byte));
        pages.count()
    }

    #[test]
    fn pages_are_counted_and_their_tree_is_not() {
        let text = "%PDF-1.4 <</Type /Pages /Kids[1 0 R]>> <</Type/Page/Parent 1>> <</Parent 1/Type\n /Page>> \
            <</Type/Font/Type/Page >> <</Type /PageLabel>>";
        assert_eq!(pages(text), Some(3));
    }

    #[test]
    fn packed_pages_are_unknown() {
        assert_eq!(pages("%PDF-1.7 <</Type/ObjStm/N 12>>stream"), None);
        assert_eq!(pages("/Type /Page"), None);
    }
}
