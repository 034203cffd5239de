/** The one element that a selector means. @throws Error if the page has none, or one of another kind. */
export function element<E extends Element>(selector: string, kind: new () => E, below: ParentNode = document): E {
  const found = below.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`The page has no ${selector}.`);
  return found;
}

/** A new element with a class, or none if that is empty, and what it contains. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  element.append(...content);
  return element;
}

/** A bar that is filled to a share from 0 to 1. What it shows is said in words beside it. */
export function bar(share: number, modifier = ""): HTMLElement {
  const fill = make("span", "panels-bar-fill");
  fill.style.inlineSize = `${Math.min(Math.max(share, 0), 1) * 100}%`;
  const track = make("span", `panels-bar ${modifier}`.trim(), fill);
  track.ariaHidden = "true";
  return track;
}

/** A table with a caption, the heads of its columns, and rows whose first cell is their head. */
export function table(caption: string, heads: readonly string[], rows: readonly (readonly Node[])[]): HTMLTableElement {
  const head = (content: Node | string, scope: string) => {
    const cell = make("th", "", content);
    cell.scope = scope;
    return cell;
  };
  const rowOf = ([first, ...others]: readonly Node[]) =>
    make("tr", "", ...(first ? [head(first, "row")] : []), ...others.map((cell) => make("td", "", cell)));
  return make(
    "table",
    "panels-table",
    make("caption", "", caption),
    make("thead", "", make("tr", "", ...heads.map((text) => head(text, "col")))),
    make("tbody", "", ...rows.map(rowOf)),
  );
}
