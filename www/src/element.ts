/** The one element that a selector means. @throws Error if the page has none, or one of another kind. */
export function element<E extends Element>(selector: string, kind: new () => E, below: ParentNode = document): E {
  const found = below.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`The page has no ${selector}.`);
  return found;
}
