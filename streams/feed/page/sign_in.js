/* The dialog that asks for a token. */

import { post } from "./api.js";
import { byId } from "./web/words.js";

export class SignIn {
  /* `done` is called, and waited for, once a token was taken. */
  constructor(done) {
    byId("sign-in-form").addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await post("session", { token: byId("token").value.trim() });
        byId("token").value = "";
        byId("sign-in").close();
        byId("sign-in-problem").textContent = "";
        await done();
      } catch (error) {
        byId("sign-in-problem").textContent = error.message;
      }
    });
  }

  ask() {
    if (!byId("sign-in").open) byId("sign-in").showModal();
  }
}
