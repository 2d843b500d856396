// Ends the session with a same-origin POST, then leaves with a full navigation.
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  button.textContent = data.label;
  button.onclick = async () => {
    button.disabled = true;
    let url = "/";
    try {
      const response = await fetch("/api/auth/sign-out", { method: "POST", redirect: "manual" });
      // The identity provider has to hear of it too.
      if (response.ok) url = (await response.json()).url;
    } finally {
      window.location.assign(url);
    }
  };
}
