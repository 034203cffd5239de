/**
 * The colours of the theme, as a canvas takes them: it knows nothing of custom properties.
 *
 * @param element Whose colours are meant; one lane has others than the next.
 * @returns the colour of a custom property such as `--tide`.
 */
export function coloursOf(element: HTMLElement): (property: string) => string {
  const style = getComputedStyle(element);
  return (property) => {
    // Only the colour of something is ever worked out for a theme.
    element.style.color = `var(${property})`;
    const { color } = style;
    element.style.color = "";
    return color;
  };
}
