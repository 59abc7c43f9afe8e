import type { Box, Page, Recipe } from "../types";

/** Sizes and recipes of a page, as the screen needs them before the server has made the picture. */

export const PLAIN: Recipe = { rotate: 0, crop: null, deskew: 0, contrast: 0 };

/** Width by height of the page as its recipe shows it. */
export function aspect(page: Pick<Page, "width" | "height">, recipe: Recipe): number {
  const lying = recipe.rotate === 90 || recipe.rotate === 270;
  const width = (lying ? page.height : page.width) * (recipe.crop?.[2] ?? 1);
  const height = (lying ? page.width : page.height) * (recipe.crop?.[3] ?? 1);
  return width > 0 && height > 0 ? width / height : 1 / Math.SQRT2;
}

export function turned(recipe: Recipe, by: number): Recipe {
  const rotate = ((((recipe.rotate + by) % 360) + 360) % 360) as Recipe["rotate"];
  return { ...recipe, rotate, crop: recipe.crop && turnedBox(recipe.crop, by) };
}

/** The same part of a page after a turn. */
function turnedBox(box: number[], by: number): number[] {
  const [x = 0, y = 0, w = 1, h = 1] = box;
  const turn = (((by % 360) + 360) % 360) / 90;
  if (turn === 1) return [1 - y - h, x, h, w];
  if (turn === 2) return [1 - x - w, 1 - y - h, w, h];
  if (turn === 3) return [y, 1 - x - w, h, w];
  return [x, y, w, h];
}

/** A box drawn on what is shown, as parts of the whole rotated page: what is shown may be cut already. */
export function withinCrop(box: Box, crop: number[] | null): Box {
  const [x = 0, y = 0, w = 1, h = 1] = crop ?? [];
  return [x + box[0] * w, y + box[1] * h, box[2] * w, box[3] * h];
}

/** How to show a picture that was made by the recipe `made` as if it were made by `wanted`: at once, by CSS. */
export function preview(
  page: Pick<Page, "width" | "height">,
  made: Recipe,
  wanted: Recipe,
): { transform?: string; clipPath?: string; filter?: string } {
  const turn = (wanted.rotate - made.rotate + 360) % 360;
  const parts: string[] = [];
  if (turn) parts.push(`rotate(${turn}deg)`);
  if (turn % 180) {
    const shape = aspect(page, {
      ...wanted,
      crop: turn ? made.crop && turnedBox(made.crop, turn) : made.crop,
    });
    parts.push(`scale(${Math.max(shape, 1 / shape).toFixed(4)})`);
  }
  const straighten = wanted.deskew - made.deskew;
  if (Math.abs(straighten) > 0.05) parts.push(`rotate(${(-straighten).toFixed(2)}deg)`);
  const clipPath = clip(made.crop && turnedBox(made.crop, turn), wanted.crop, -turn);
  return {
    transform: parts.length ? parts.join(" ") : undefined,
    clipPath,
    filter: wanted.contrast !== made.contrast ? `contrast(${1 + wanted.contrast / 100})` : undefined,
  };
}

/** What of the picture stays: the wanted part within the shown one, turned back to how the picture lies. */
function clip(shown: Recipe["crop"], wanted: Recipe["crop"], back: number): string | undefined {
  if (!wanted) return undefined;
  const [x = 0, y = 0, w = 1, h = 1] = shown ?? [];
  const [wx = 0, wy = 0, ww = 1, wh = 1] = wanted;
  const inner = [(wx - x) / w, (wy - y) / h, ww / w, wh / h];
  const [left = 0, top = 0, width = 1, height = 1] = turnedBox(inner, back);
  const sides = [top, 1 - left - width, 1 - top - height, left].map((side) => Math.max(0, side));
  if (sides.every((side) => side < 0.002)) return undefined;
  return `inset(${sides.map((side) => `${(side * 100).toFixed(1)}%`).join(" ")})`;
}

/** The largest size with this shape inside a frame. */
export function fitted(shape: number, width: number, height: number): { width: number; height: number } {
  return shape > width / height ? { width, height: width / shape } : { width: height * shape, height };
}
