//! What a request carries besides text: pictures, documents, sound.

use super::base64::Base64;
use super::image::{Header, Size, State};
use super::model::{Maker, Model};
use super::pdf::Pages;
use super::vision::{self, Detail};

/// What a file is said to be, by what stands around it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Context {
    /// A picture, and whatever else comes encoded.
    #[default]
    Picture,
    /// A document with pages.
    Document,
    /// Sound or moving pictures.
    Recording,
}

/// What is known of a file once it has been seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Finding {
    Picture(Size),
    /// A PDF of so many bytes.
    Pdf {
        pages: Option<u32>,
        bytes: u64,
    },
    /// So many bytes of something.
    Bytes(u64),
    /// It stands elsewhere.
    Elsewhere,
}

/// What a file costs, and whether that is a guess.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Price {
    pub(super) tokens: u32,
    pub(super) is_unknown: bool,
}

impl Finding {
    pub(super) fn price(self, context: Context, model: &Model<'_>, detail: Detail) -> Price {
        let page = || {
            if model.maker == Maker::Google { GEMINI_PAGE } else { PAGE_TEXT + vision::tokens(model, detail, None) }
        };
        let pages_of = |bytes: u64| u32::try_from(bytes / PAGE_BYTES).unwrap_or(u32::MAX).max(1);
        let (tokens, is_unknown) = match (self, context) {
            (Self::Picture(size), _) => (vision::tokens(model, detail, Some(size)), false),
            (Self::Pdf { pages: Some(pages), .. }, _) => (page().saturating_mul(pages), false),
            (Self::Pdf { bytes, .. }, _) => (page().saturating_mul(pages_of(bytes)), true),
            (Self::Bytes(bytes), Context::Document) => (page().saturating_mul(pages_of(bytes)), true),
            (Self::Bytes(bytes), Context::Recording) => {
                (u32::try_from(bytes.div_ceil(RECORDING_BYTES)).unwrap_or(u32::MAX), true)
            }
            (Self::Elsewhere, Context::Document) => (page(), true),
            (Self::Elsewhere, Context::Recording) => (RECORDING_ELSEWHERE, true),
            (Self::Bytes(_) | Self::Elsewhere, Context::Picture) => (vision::tokens(model, detail, None), true),
        };
        Price { tokens, is_unknown }
    }
}

/// A file that passes, in base64.
#[derive(Clone, Copy, Debug)]
pub(super) struct File {
    form: Form,
    /// The first characters, as long as they do not say what follows.
    start: [u8; DATA.len()],
    started: usize,
    base64: Base64,
    header: Header,
    pages: Pages,
    /// How much of a PDF's first bytes has matched; as long as they are if it is one.
    pdf: usize,
    /// Bytes that have come, and those of them that were looked at.
    digits: u64,
    looked: u64,
}

/// How a file comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    /// It may be a data URL; if it is none, it is an address or not.
    Begun {
        may_be_address: bool,
    },
    /// The part of a data URL before the comma.
    Named,
    Encoded,
    Address,
}

impl File {
    /// One that is encoded.
    pub(super) const fn encoded() -> Self {
        Self::new(Form::Encoded)
    }

    /// One that is encoded, or a data URL.
    pub(super) const fn maybe_named() -> Self {
        Self::new(Form::Begun { may_be_address: false })
    }

    /// A data URL, or the address of a file.
    pub(super) const fn url() -> Self {
        Self::new(Form::Begun { may_be_address: true })
    }

    const fn new(form: Form) -> Self {
        Self {
            form,
            start: [0; DATA.len()],
            started: 0,
            base64: Base64::NEW,
            header: Header::new(),
            pages: Pages::NEW,
            pdf: 0,
            digits: 0,
            looked: 0,
        }
    }

    pub(super) fn push(&mut self, part: &[u8]) {
        let mut rest = part;
        while let [byte, tail @ ..] = rest {
            match self.form {
                Form::Begun { may_be_address } => {
                    if let Some(slot) = self.start.get_mut(self.started) {
                        *slot = *byte;
                    }
                    self.started += 1;
                    rest = tail;
                    if self.start.get(..self.started) == Some(DATA) {
                        self.form = Form::Named;
                    } else if !DATA.starts_with(self.start.get(..self.started).unwrap_or_default()) {
                        self.form = if may_be_address { Form::Address } else { Form::Encoded };
                        if !may_be_address {
                            let (start, started) = (self.start, self.started);
                            self.push_digits(start.get(..started).unwrap_or_default());
                        }
                    }
                }
                Form::Named => {
                    if *byte == b',' {
                        self.form = Form::Encoded;
                    }
                    rest = tail;
                }
                Form::Encoded => {
                    self.push_digits(rest);
                    return;
                }
                Form::Address => return,
            }
        }
    }

    fn push_digits(&mut self, part: &[u8]) {
        let mut rest = part;
        self.digits = self.digits.saturating_add(part.len() as u64);
        while let [digit, tail @ ..] = rest {
            let is_reading = self.header.state() == State::Reading;
            let is_pdf = self.pdf == PDF.len() && self.looked < MOST_LOOKED_AT;
            if !(is_reading || is_pdf || self.pdf > 0 && self.pdf < PDF.len()) {
                return;
            }
            // What a camera writes before the picture may be long.
            let groups = (self.header.skippable() as usize / 3).min(rest.len() / 4);
            if is_reading && self.base64.is_aligned() && groups > 0 {
                self.header.skip(groups as u32 * 3);
                rest = rest.get(groups * 4..).unwrap_or_default();
                continue;
            }
            if is_pdf
                && self.base64.is_aligned()
                && let Some((digits, tail)) = rest.split_first_chunk()
                && let Some(bytes) = Base64::group(*digits)
            {
                self.pages.push_all(&bytes);
                self.looked += digits.len() as u64;
                rest = tail;
                continue;
            }
            rest = tail;
            self.looked += 1;
            let Some(byte) = self.base64.push(*digit) else { continue };
            if is_pdf {
                self.pages.push(byte);
            } else if PDF.get(self.pdf) == Some(&byte) && (self.pdf > 0 || self.looked <= 4) {
                self.pdf += 1;
            } else if self.pdf < PDF.len() {
                self.pdf = 0;
            }
            self.header.push(byte);
        }
    }

    /// Whether it begins as no text does.
    pub(super) fn is_recognised(&self) -> bool {
        matches!(self.header.state(), State::Found(_)) || self.pdf == PDF.len() || self.header.is_jpeg()
    }

    pub(super) fn finding(&self) -> Finding {
        let bytes = self.digits / 4 * 3;
        match (self.form, self.header.state()) {
            (Form::Address | Form::Named, _) => Finding::Elsewhere,
            (Form::Begun { may_be_address: true }, _) => Finding::Elsewhere,
            (_, State::Found(size)) => Finding::Picture(size),
            _ if self.pdf == PDF.len() => {
                // Pages lie evenly enough in what was not looked at.
                let grown = |pages: u32| u64::from(pages).saturating_mul(self.digits) / self.looked.max(1);
                let pages = self.pages.count().map(|pages| u32::try_from(grown(pages)).unwrap_or(u32::MAX).max(pages));
                Finding::Pdf { pages, bytes }
            }
            _ => Finding::Bytes(bytes),
        }
    }
}

const DATA: &[u8] = b"data:";
const PDF: &[u8] = b"%PDF-";

/// The lower end of the 1,500 to 3,000 tokens that a page's text typically has; its picture comes on top,
/// <https://platform.claude.com/docs/en/build-with-claude/pdf-support> (read 2026-11-23). How large it is made is not
/// published.
const PAGE_TEXT: u32 = 1_500;

/// <https://ai.google.dev/gemini-api/docs/document-processing> (read 2026-11-23).
const GEMINI_PAGE: u32 = 258;

/// What a page takes in a file whose pages cannot be seen: between those of a text (20 kB) and of a scan (500 kB).
const PAGE_BYTES: u64 = 100_000;

/// At 32 tokens a second (Gemini), of sound of 32 kB a second, as an uncompressed recording of speech has.
const RECORDING_BYTES: u64 = 1_000;

/// One minute.
const RECORDING_ELSEWHERE: u32 = 1_920;

/// Digits of a PDF that are searched for pages, so that the largest body takes some milliseconds.
const MOST_LOOKED_AT: u64 = 4 << 20;

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;
    use crate::provider::Provider;

    const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAB4AAAAQ4CAYAAADo08FDAAAA";

    fn found(mut file: File, text: &str, piece: usize) -> Finding {
        text.as_bytes().chunks(piece).for_each(|part| file.push(part));
        file.finding()
    }

    #[test]
    fn a_file_is_recognised_wherever_it_is_cut() {
        let size = Finding::Picture(Size { width: 1_920, height: 1_080 });
        let url = String::from("data:image/png;base64,") + PNG;
        for piece in 1..9 {
            assert_eq!(found(File::encoded(), PNG, piece), size);
            assert_eq!(found(File::maybe_named(), PNG, piece), size);
            assert_eq!(found(File::maybe_named(), &url, piece), size);
            assert_eq!(found(File::url(), &url, piece), size);
            assert_eq!(found(File::url(), "https://h/x.png", piece), Finding::Elsewhere);
            assert_eq!(found(File::url(), "", piece), Finding::Elsewhere);
            assert_eq!(found(File::encoded(), "AAAAAAAA", piece), Finding::Bytes(6));
        }
    }

    #[test]
    fn pages_of_a_pdf_are_counted_wherever_it_is_cut() {
        // "%PDF-1.4\n<</Type /Pages>>\n<</Type /Page>>\n<</Type/Page/Rotate 0>>\n"
        let text = "JVBERi0xLjQKPDwvVHlwZSAvUGFnZXM+Pgo8PC9UeXBlIC9QYWdlPj4KPDwvVHlwZS9QYWdlL1JvdGF0ZSAwPj4K";
        for piece in 1..9 {
            let finding = found(File::encoded(), text, piece);
            assert!(matches!(finding, Finding::Pdf { pages: Some(2), .. }), "{finding:?}");
        }
        let packed = found(File::encoded(), "JVBERi0xLjcKAAAA", 16);
        assert_eq!(packed, Finding::Pdf { pages: None, bytes: 12 });
    }

    #[test]
    fn what_is_not_looked_at_is_taken_to_have_as_many_pages() {
        // "%PDF-1.4\n", and "<</Type /Page>>\n/s" again and again.
        let text = String::from("JVBERi0xLjQK") + &"PDwvVHlwZSAvUGFnZT4+Ci9z".repeat(500_000);
        assert!(text.len() as u64 > 2 * MOST_LOOKED_AT);
        let finding = found(File::encoded(), &text, text.len());
        assert!(matches!(finding, Finding::Pdf { pages: Some(499_900..=500_100), .. }), "{finding:?}");
    }

    #[test]
    fn long_metadata_of_a_photograph_is_passed_over() {
        // FF D8, FF E1 0xFFFE …, FF C0 0011 08 0438 0780 03
        let mut bytes = alloc::vec![0xFF, 0xD8, 0xFF, 0xE1, 0xFF, 0xFE];
        bytes.resize(6 + 0xFFFC, 0);
        bytes.extend([0xFF, 0xC0, 0, 0x11, 8, 0x04, 0x38, 0x07, 0x80, 3]);
        let mut text = String::new();
        for group in bytes.chunks(3) {
            let word = u32::from_be_bytes([0, group[0], *group.get(1).unwrap_or(&0), *group.get(2).unwrap_or(&0)]);
            let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            text.extend([18, 12, 6, 0].map(|shift| char::from(digits[(word >> shift & 63) as usize])));
        }
        for piece in [1, 7, text.len()] {
            let size = Size { width: 1_920, height: 1_080 };
            assert_eq!(found(File::encoded(), &text, piece), Finding::Picture(size));
        }
    }

    #[test]
    fn what_is_not_known_is_said_to_be_a_guess() {
        let claude = Model::of(Some("claude-sonnet-4-6"), Provider::Anthropic);
        let price = |finding: Finding, context| finding.price(context, &claude, Detail::High);
        let known = |tokens| Price { tokens, is_unknown: false };
        let guess = |tokens| Price { tokens, is_unknown: true };
        assert_eq!(price(Finding::Picture(Size { width: 28, height: 28 }), Context::Document), known(1));
        assert_eq!(price(Finding::Pdf { pages: Some(3), bytes: 1 }, Context::Picture), known(3 * 3_021));
        assert_eq!(price(Finding::Pdf { pages: None, bytes: 250_000 }, Context::Picture), guess(2 * 3_021));
        assert_eq!(price(Finding::Elsewhere, Context::Document), guess(3_021));
        assert_eq!(price(Finding::Elsewhere, Context::Picture), guess(1_521));
        assert_eq!(price(Finding::Bytes(64_000), Context::Recording), guess(64));
        let gemini = Model::of(Some("gemini-2.5-pro"), Provider::Gemini);
        let pages = Finding::Pdf { pages: Some(10), bytes: 1 };
        assert_eq!(pages.price(Context::Document, &gemini, Detail::High), known(2_580));
    }
}
