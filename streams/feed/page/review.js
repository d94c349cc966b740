/* The reviews of an event, which every reader sees, and the form to add one. */

import { Refusal, post } from "./api.js";
import { bdi, el, human, timeOf } from "./web/words.js";

export const DISPOSITIONS = { confirmed: "Confirmed", dismissed: "Dismissed", watching: "Watching" };
export const REVIEWER = "tankerwatch-reviewer"; // where this browser keeps the name

export const disposition = (review) => el("span", { class: `badge review-${review.disposition}`, title: `${review.by}: ${review.note || human(review.disposition)}` },
  DISPOSITIONS[review.disposition] ?? human(review.disposition));

/* Newest first. */
export const reviewList = (reviews) => (reviews.length ? el("ol", { class: "reviews", reversed: true }, reviews.toReversed().map((review) => el("li", {},
  el("div", { class: "line" }, disposition(review), el("b", {}, bdi(review.by)), el("span", { class: "small" }, timeOf(review.time), ` · about revision ${review.revision}`)),
  review.note && el("p", {}, bdi(review.note))))) : el("p", { class: "small" }, "Nobody has reviewed this event yet."));

/* `added` gets the new review. `refused` is called if a token is needed. */
export function reviewForm(id, added, refused) {
  const problem = el("p", { class: "problem", role: "alert" });
  const submit = async (event) => {
    event.preventDefault();
    const { by, disposition: chosen, note } = Object.fromEntries(new FormData(form));
    const button = form.querySelector("button");
    problem.replaceChildren();
    button.disabled = true;
    try {
      const review = await post(`events/${encodeURIComponent(id)}/review`, { by: by.trim(), disposition: chosen, note: note.trim() });
      localStorage.setItem(REVIEWER, by.trim());
      form.elements.note.value = "";
      added(review);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if ([401, 403].includes(error.status)) refused();
      problem.append(bdi(error.message));
    } finally {
      button.disabled = false;
    }
  };
  const form = el("form", { class: "review", submit, "aria-label": "Review this event" },
    el("label", {}, "Your name", el("input", { name: "by", required: true, maxlength: 100, autocomplete: "name", value: localStorage.getItem(REVIEWER) ?? "" })),
    el("fieldset", {}, el("legend", {}, "Your verdict"), Object.entries(DISPOSITIONS).map(([value, name]) => el("label", { class: "choice" },
      el("input", { type: "radio", name: "disposition", value, required: true }), name))),
    el("label", {}, "Note", el("textarea", { name: "note", rows: 2, maxlength: 4000 })),
    el("div", { class: "line" }, el("button", { type: "submit", class: "primary" }, "Add review")), problem);
  return form;
}
