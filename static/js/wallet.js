/* A wallet in the browser fills in the two forms that prove an address. Without one they are filled in by hand. */
(() => {
  "use strict";

  const say = (form, trouble) => {
    const line = form.querySelector("[data-wallet-trouble]");
    line.textContent = trouble;
    line.hidden = !trouble;
  };

  const asHex = (text) =>
    "0x" + [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  const ask = async (wallet, form) => {
    const [address] = await wallet.request({ method: "eth_requestAccounts" });
    const chain = await wallet.request({ method: "eth_chainId" });
    form.elements.address.value = address;
    form.elements.chain_id.value = Number.parseInt(chain, 16);
  };

  const sign = async (wallet, form) => {
    const text = document.getElementById("wallet-text").value;
    const address = text.split("\n")[1];
    await wallet.request({ method: "eth_requestAccounts" });
    form.elements.signature.value = await wallet.request({ method: "personal_sign", params: [asHex(text), address] });
  };

  const offer = (form, act) => {
    const button = form.querySelector("[data-wallet-button]");
    button.hidden = false;
    form.querySelector("[type=submit]").classList.add("button--secondary");
    button.addEventListener("click", async () => {
      say(form, "");
      button.disabled = true;
      try {
        await act(window.ethereum, form);
        form.requestSubmit();
      } catch (trouble) {
        // 4001 is the wallet's word for a person who said no.
        say(form, trouble?.code === 4001 ? "You declined in the wallet. Nothing was sent." : `The wallet says: ${trouble?.message ?? trouble}`);
      } finally {
        button.disabled = false;
      }
    });
  };

  const start = () => {
    if (!window.ethereum || document.documentElement.dataset.wallet) return;
    document.documentElement.dataset.wallet = "";
    for (const form of document.querySelectorAll("[data-wallet-ask]")) offer(form, ask);
    for (const form of document.querySelectorAll("[data-wallet-sign]")) offer(form, sign);
  };

  start();
  addEventListener("ethereum#initialized", start, { once: true });
})();
