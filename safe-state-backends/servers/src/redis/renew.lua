return {done, false, false}
