/* Navigational status in words (ITU-R M.1371, message 1): what a vessel says of itself, by hand. */

const STATUSES = ["under way using engine", "at anchor", "not under command", "restricted manoeuvrability", "constrained by draught", "moored",
  "aground", "fishing", "under way sailing", null, null, "towing astern", "pushing or towing alongside", null, "AIS-SART"];

/* null where the vessel sends none, or one that means nothing. */
export const statusName = (status) => STATUSES[status ?? -1] ?? null;
