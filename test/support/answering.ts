/** An image that is booting: the host listens for it before it does. */

const ATTEMPTS = 100;
const AGAIN_MS = 100;

/** Asks until there is an answer, whatever its status. */
export async function answering(url: string): Promise<Response> {
  for (let attempt = 1; ; attempt++)
    try {
      return await fetch(url);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
}
