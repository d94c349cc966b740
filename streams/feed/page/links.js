/* Links to sites of others about a place and time, or a ship. They open in a new tab; the page loads nothing from there, and
   tells them nothing of where the reader came from. */

import { el } from "./web/words.js";

const DAY = 86400e3;
const IMO = /^\d{7}$/;

const out = (href, text, title) => el("a", { href, target: "_blank", rel: "noopener noreferrer", title }, text, el("span", { class: "visually-hidden" }, " (opens another site in a new tab)"));

const browser = (dataset, { lat, lon }, time) => {
  const from = new Date(Math.floor(time / DAY) * DAY).toISOString(), to = new Date(Math.floor(time / DAY) * DAY + DAY - 1).toISOString();
  return `https://browser.dataspace.copernicus.eu/?${new URLSearchParams({ zoom: 12, lat: lat.toFixed(5), lng: lon.toFixed(5), themeId: "DEFAULT-THEME", datasetId: dataset, fromTime: from, toTime: to })}`;
};

/* Satellite images of a place on the day of a time. */
export const imagesOf = (position, time) => [
  out(browser("S2_L2A_CDAS", position, time), "Optical images", "Copernicus Browser: Sentinel-2 on that day, if there is an image"),
  out(browser("S1_CDAS_IW_VVVH", position, time), "Radar images", "Copernicus Browser: Sentinel-1 on that day, if there is an image"),
];

/* Registers about a ship, by its IMO number. */
export const registersOf = (imo) => (IMO.test(imo ?? "") ? [
  out(`https://www.opensanctions.org/search/?${new URLSearchParams({ q: imo, schema: "Vessel" })}`, "OpenSanctions", `Search for IMO ${imo}`),
  out("https://www.equasis.org/EquasisWeb/public/HomePage", "Equasis", `Equasis needs an account, and takes no address of a ship: search there for IMO ${imo}`),
] : []);

/* A line of links under a name; nothing if there are none. */
export const elsewhere = (links, text = "Elsewhere") => links.length > 0 && el("p", { class: "elsewhere small" }, `${text}: `, links.flatMap((link, i) => [i ? " · " : null, link]));
